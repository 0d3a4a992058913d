// Takes bonafide's webhooks, as the backend of an app would, with nothing but Node
// (from 22.18 on as it is):
//
//     SECRET=whsec_… node examples/ts/receive.ts

import { createHmac, timingSafeEqual } from "node:crypto";
import { createServer, type IncomingMessage } from "node:http";

const { SECRET = "" } = process.env;
const [host = "", port = ""] = (process.argv[2] ?? "127.0.0.1:9000").split(":");

// #region receive
const key = Buffer.from(SECRET.replace(/^whsec_/, ""), "base64");

/** Reports whether these bytes were signed with our secret, not more than five minutes ago. */
function genuine(body: Buffer, headers: IncomingMessage["headers"]): boolean {
  const [id, at, signatures] = ["webhook-id", "webhook-timestamp", "webhook-signature"].map((name) => String(headers[name] ?? ""));
  if (!id || !at || !signatures || !(Math.abs(Date.now() / 1000 - Number(at)) <= 300)) return false;
  const expected = createHmac("sha256", key).update(`${id}.${at}.`).update(body).digest();
  return signatures.split(" ").some((signature) => { // more than one while the secret changes
    const given = Buffer.from(signature.replace(/^v1,/, ""), "base64");
    return given.length === expected.length && timingSafeEqual(given, expected);
  });
}

// Both stand for tables of your database, and what happens to them for one transaction.
const seen = new Set<string>(); // by webhook-id
const users = new Map<string, { status: string; version: number }>();

type Event = { type: string; data: { externalUserId: string; status: string; version: number } };

/** Keeps the user's status, and reports whether it is news: the same may come twice, and an older one after a newer one. */
function apply(webhookId: string, { data }: Event): boolean {
  if (seen.has(webhookId)) return false;
  seen.add(webhookId);
  if (data.version <= (users.get(data.externalUserId)?.version ?? 0)) return false;
  users.set(data.externalUserId, { status: data.status, version: data.version });
  return true;
}

const server = createServer(async (req, res) => {
  try {
    const chunks: Buffer[] = [];
    let size = 0;
    for await (const chunk of req as AsyncIterable<Buffer>) {
      if ((size += chunk.length) > 64 << 10) return res.writeHead(413, { Connection: "close" }).end();
      chunks.push(chunk);
    }
    const body = Buffer.concat(chunks); // the bytes that were signed
    if (!genuine(body, req.headers)) return res.writeHead(401).end();
    const event = JSON.parse(body.toString()) as Event;
    if (event.type.startsWith("user.") && apply(String(req.headers["webhook-id"]), event)) {
      console.log(`${event.data.externalUserId} is ${event.data.status} (version ${event.data.version})`);
    }
    res.writeHead(204).end(); // anything but 2xx is sent again
  } catch {
    if (!res.headersSent) res.writeHead(400);
    res.end();
  }
});
// #endregion

if (key.length === 0) throw new Error("SECRET must be the endpoint's secret: whsec_…");
server.listen(Number(port), host, () => console.log("listening on", `${host}:${port}`));
