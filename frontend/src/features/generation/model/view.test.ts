import { describe, expect, it } from "vitest";
import { blankGeneration, blankMetadata } from "@/api/blank";
import type { Generation, GenerationEvent } from "@/api/types";
import { newStream, reduceEvents } from "./reduce-events";
import { announcement, phaseWords, viewOf } from "./view";

const generation = (fields: Partial<Generation> = {}): Generation =>
  blankGeneration({ id: crypto.randomUUID(), type: "ui", prompt: "a todo app", status: "running", ...fields });
const streaming = (seq: number, delta: string, progress = 10): GenerationEvent => ({
  kind: "progress",
  generationId: "g",
  attempt: 1,
  seq,
  status: "streaming",
  progress,
  delta,
});

const two = "Words.\n\n```ts path=a.ts\nx\n```\n\n```ts path=b.ts\ny\n";

describe("while it is made", () => {
  it("waits, then understands, then writes", () => {
    expect(phaseWords(viewOf(generation({ status: "queued" }), undefined))).toBe("Waiting");
    expect(phaseWords(viewOf(generation(), undefined))).toBe("Understanding");
    const view = viewOf(generation(), reduceEvents(newStream("g"), [streaming(1, two)]));
    expect(phaseWords(view)).toBe("Writing file 2");
    expect(announcement(view)).toBe("Writing file 2, b.ts");
    expect(view.files.map((file) => [file.path, file.closed])).toEqual([
      ["a.ts", true],
      ["b.ts", false],
    ]);
  });

  it("fills the grain by the server's own progress", () => {
    const { bars } = viewOf(generation(), reduceEvents(newStream("g"), [streaming(1, two, 50)]));
    const made = bars.filter((bar) => bar.tone === "made").reduce((all, bar) => all + bar.weight, 0);
    const rest = bars.filter((bar) => bar.tone === "plan").reduce((all, bar) => all + bar.weight, 0);
    expect(made).toBe(rest);
  });

  it("shows what a poll found while the stream waits for a missing event", () => {
    const broken = reduceEvents(newStream("g"), [streaming(1, "Wor"), streaming(3, "s")]);
    expect(viewOf(generation({ result: "Words" }), broken).text).toBe("Words");
  });
});

describe("when it has ended", () => {
  const files = [
    { path: "a.ts", language: "ts", bytes: 2, status: "complete" as const },
    { path: "notes.txt", language: "text", bytes: 5, status: "invalid" as const },
  ];

  it("goes by the server's list of files", () => {
    const view = viewOf(
      generation({ status: "completed", result: two, metadata: { ...blankMetadata, files, durationMs: 48_000 } }),
      undefined,
    );
    expect(view.files).toEqual([
      expect.objectContaining({ path: "a.ts", content: "x\n", status: "complete" }),
      expect.objectContaining({ path: "notes.txt", content: null, status: "invalid" }),
    ]);
    expect(phaseWords(view)).toBe("Ready in 48 s");
    expect(view.bars.map((bar) => bar.tone)).toEqual(["deep", "bad"]);
  });

  it("believes REST over an older stream", () => {
    const stream = reduceEvents(newStream("g"), [streaming(1, "old")]);
    const view = viewOf(generation({ status: "cancelled", result: "older text, whole" }), stream);
    expect(view).toMatchObject({ phase: "stopped", ended: true, text: "older text, whole" });
  });
});
