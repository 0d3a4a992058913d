// Creates a session for a user and waits until it is decided, as the backend of
// an app would.
//
//     API=http://127.0.0.1:8080 KEY=bfk_… node examples/ts/follow.ts user-42

import { randomUUID } from "node:crypto";

const { API = "", KEY = "" } = process.env;

type Session = { id: string; launch: { url: string | null }; clientToken: string };

/** Creates a session. Real code keeps the idempotency key with its order, so that asking again makes no second one. */
async function create(user: string): Promise<Session> {
  const res = await fetch(`${API}/v1/sessions`, {
    method: "POST",
    headers: { Authorization: `Bearer ${KEY}`, "Content-Type": "application/json", "Idempotency-Key": randomUUID() },
    body: JSON.stringify({ externalUserId: user }),
  });
  if (!res.ok) throw new Error(`${res.status} ${await res.text()}`);
  return (await res.json()) as Session;
}

// #region follow
type Verification = { status: string; version: number };

/**
 * Gives a user's status, then each change of it, for as long as the loop over it goes on. What passes is waited out.
 * `url` is /v1/users/{id}/verification with an API key, or /v1/me/verification with a client token.
 */
async function* follow(url: string, credential: string): AsyncGenerator<Verification> {
  for (let etag = "", failures = 0; ; failures++) {
    let asked = 0, refused = "";
    try {
      const res = await fetch(`${url}?wait=30`, {
        headers: { Authorization: `Bearer ${credential}`, ...(etag && { "If-None-Match": etag }) },
        signal: AbortSignal.timeout(45_000), // longer than the server waits
      });
      if (res.status === 200) {
        yield (await res.json()) as Verification;
        etag = res.headers.get("ETag") ?? "";
      }
      if (res.status === 200 || res.status === 304) {
        failures = -1;
        continue; // ask again at once
      }
      if (res.status < 500 && res.status !== 429) refused = `${res.status} ${await res.text()}`;
      asked = 1000 * Number(res.headers.get("Retry-After") ?? 0);
    } catch {
      // The network, as a rule: it passes.
    }
    if (refused) throw new Error(refused);
    const pause = Math.max(asked, Math.min(30_000, 1000 * 2 ** failures));
    await new Promise((done) => setTimeout(done, pause * (1 + Math.random() / 2)));
  }
}
// #endregion

const user = process.argv[2];
if (!user) throw new Error("usage: API=… KEY=… node examples/ts/follow.ts USER");
const session = await create(user);
console.log("send the user to", session.launch.url);
for await (const v of follow(`${API}/v1/users/${encodeURIComponent(user)}/verification`, KEY)) {
  console.log(`version ${v.version}: ${v.status}`);
  if (!["pending", "in_review", "action_required"].includes(v.status)) break;
}
