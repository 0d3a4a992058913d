// Follows the user's own verification in an app or a browser, with a client token
// that the app's backend hands out. Node runs it too, from 22.18 on as it is:
//
//     API=http://127.0.0.1:8080 TOKEN=eyJ… node examples/ts/phone.ts

// #region phone
export type Verification = { status: string; version: number; reasons: { code: string; message: string }[] };

/**
 * Gives the user's status, then each change of it, until `stop` or for as long as the loop over it goes on.
 * `freshToken` asks your own backend for a client token: at first, and whenever the last one counts no more.
 */
export async function* watch(
  api: string,
  freshToken: () => Promise<string>,
  stop = new AbortController().signal,
): AsyncGenerator<Verification> {
  let token = "", known = "";
  for (let failures = 0; !stop.aborted; failures++) {
    const line = new AbortController(); // one connection
    let quiet = setTimeout(() => line.abort(), 45_000);
    const alive = () => {
      failures = 0;
      clearTimeout(quiet); // a sign of life comes every 15 seconds
      quiet = setTimeout(() => line.abort(), 45_000);
    };
    let asked = 0, refused = "";
    try {
      token ||= await freshToken();
      const res = await fetch(`${api}/v1/me/verification/stream`, {
        headers: { Authorization: `Bearer ${token}`, ...(known && { "Last-Event-ID": known }) },
        signal: AbortSignal.any([stop, line.signal]),
      });
      asked = 1000 * Number(res.headers.get("Retry-After") ?? 0);
      if (res.status === 401) token = ""; // it has expired
      else if (res.status < 500 && res.status !== 429 && !res.ok) refused = await res.text();
      else if (res.ok && res.body) {
        for await (const event of events(res.body, alive)) {
          known = event.id;
          yield JSON.parse(event.data) as Verification;
        }
      }
    } catch {
      // The network, as a rule: it passes.
    } finally {
      clearTimeout(quiet);
      line.abort();
    }
    if (refused) throw new Error(refused);
    const pause = Math.max(asked, Math.min(30_000, 1000 * 2 ** failures));
    if (!stop.aborted) await new Promise((done) => setTimeout(done, pause * (1 + Math.random() / 2)));
  }
}

/** Reads server-sent events, and calls `alive` whenever anything comes. */
async function* events(body: ReadableStream<Uint8Array>, alive: () => void) {
  const reader = body.getReader(), decoder = new TextDecoder();
  for (let text = ""; ; ) {
    const { done, value } = await reader.read();
    if (done) return;
    alive();
    const parts = (text + decoder.decode(value, { stream: true })).split("\n\n");
    text = parts.pop() ?? "";
    for (const part of parts) {
      const field = (name: string) => part.match(new RegExp(`^${name}: (.*)$`, "m"))?.[1];
      const id = field("id"), data = field("data");
      if (id && data) yield { id, data }; // anything else is a sign of life
    }
  }
}
// #endregion

if (typeof process === "object") {
  const { API = "", TOKEN = "" } = process.env;
  for await (const v of watch(API, async () => TOKEN)) {
    console.log(`version ${v.version}: ${v.status}`);
    if (!["unverified", "pending", "in_review", "action_required"].includes(v.status)) break;
  }
}
