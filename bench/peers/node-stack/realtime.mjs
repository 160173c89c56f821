// The realtime half of the Node peer: Socket.IO with the Redis adapter. It knows the events of AetherOS that are measured,
// under the same names. It keeps nothing: no database is asked and nothing is stored, both in its favour.
import { createServer } from "node:http";
import { createSecretKey, randomUUID } from "node:crypto";
import { createAdapter } from "@socket.io/redis-adapter";
import { Redis } from "ioredis";
import jwt from "jsonwebtoken";
import { Server } from "socket.io";
import { CHANNELS, listen } from "./shared.mjs";

// As a key and not as a string: jsonwebtoken would try to parse a public key on every token (0.4 ms).
const key = createSecretKey(Buffer.from(process.env.JWT_SECRET, "utf8"));
const claims = { issuer: "node-peer", audience: "node-peer" };
const redis = () => new Redis(process.env.REDIS_URL, { enableAutoPipelining: true });
const [publisher, subscriber, adapterPublisher, adapterSubscriber] = Array.from({ length: 4 }, redis);

const http = createServer((request, response) => {
  if (request.method !== "POST" || request.url !== "/register") {
    return response.writeHead(request.url === "/health" ? 200 : 404).end();
  }
  // An account is a token and nothing else: accounts are not measured here.
  const id = randomUUID();
  const options = { ...claims, algorithm: "HS256", subject: id, expiresIn: "15m" };
  const accessToken = jwt.sign({ sid: randomUUID(), role: "user", name: "Peer" }, key, options);
  response.writeHead(201, { "content-type": "application/json" });
  response.end(JSON.stringify({ user: { id }, accessToken }));
});

const io = new Server(http, {
  adapter: createAdapter(adapterPublisher, adapterSubscriber),
  perMessageDeflate: false,
  httpCompression: false,
  serveClient: false,
  pingInterval: 10_000,
  pingTimeout: 8_000,
});
// What Socket.IO's documentation advises against memory: the request of the handshake is let go.
io.engine.on("connection", (transport) => {
  transport.request = null;
});

io.use((socket, next) => {
  jwt.verify(socket.handshake.auth.token, key, { ...claims, algorithms: ["HS256"] }, (error, verified) => {
    if (error) return next(new Error("unauthorized"));
    socket.data.user = { id: verified.sub, name: verified.name };
    next();
  });
});

io.on("connection", (socket) => {
  const { user } = socket.data;

  socket.on("start_generation", async ({ prompt, type }, ack) => {
    const generationId = randomUUID();
    socket.join(generationId);
    ack({ ok: true, generationId });
    await publisher.publish(CHANNELS.jobs, JSON.stringify({ generationId, prompt, type, userId: user.id }));
  });

  socket.on("join_room", async ({ roomId }, ack) => {
    await socket.join(`room:${roomId}`);
    ack({ ok: true });
  });

  socket.on("send_message", ({ roomId, message, clientId }, ack) => {
    const [id, timestamp] = [randomUUID(), new Date().toISOString()];
    const said = { id, roomId, userId: user.id, name: user.name, message, clientId: clientId ?? null, timestamp };
    io.to(`room:${roomId}`).emit("message_received", said);
    ack({ ok: true, id, timestamp });
  });
});

// Every realtime process hears every token and tells its own sockets.
subscriber.on("message", (_channel, text) => {
  const [event, payload] = JSON.parse(text);
  io.local.to(payload.generationId).emit(event, payload);
});
await subscriber.subscribe(CHANNELS.progress);
listen(http, () => io.close());
