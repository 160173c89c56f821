// The generation half of the Node peer: streams from the provider with OpenAI's SDK and publishes each token over Redis.
// It writes no history: in its favour.
import { createServer } from "node:http";
import { Redis } from "ioredis";
import OpenAI from "openai";
import { CHANNELS, listen } from "./shared.mjs";

const openai = new OpenAI({ baseURL: process.env.OPENAI_BASE_URL, apiKey: "none", maxRetries: 0 });
const redis = () => new Redis(process.env.REDIS_URL, { enableAutoPipelining: true });
const [publisher, subscriber] = [redis(), redis()];

async function generate({ generationId, prompt, type }) {
  const began = performance.now();
  let [seq, result, usage, firstTokenMs] = [0, "", null, null];
  const say = (event, payload) => {
    seq += 1;
    const told = { generationId, attempt: 1, seq, ...payload };
    publisher.publish(CHANNELS.progress, JSON.stringify([event, told])).catch(console.error);
  };
  try {
    const stream = await openai.chat.completions.create({
      model: "paced",
      messages: [
        { role: "system", content: `You write ${type}.` },
        { role: "user", content: prompt },
      ],
      stream: true,
      stream_options: { include_usage: true },
    });
    for await (const chunk of stream) {
      usage = chunk.usage ?? usage;
      const delta = chunk.choices[0]?.delta?.content;
      if (!delta) continue;
      firstTokenMs ??= performance.now() - began;
      result += delta;
      say("generation_progress", { progress: Math.min(95, seq >> 3), status: "streaming", delta });
    }
    const metadata = { model: "paced", usage, firstTokenMs, durationMs: performance.now() - began };
    say("generation_complete", { result, metadata });
  } catch (error) {
    console.error(error);
    say("generation_failed", { error: { code: "provider", message: String(error) } });
  }
}

subscriber.on("message", (_channel, text) => void generate(JSON.parse(text)));
await subscriber.subscribe(CHANNELS.jobs);
listen(createServer((_request, response) => response.end()), () => {});
