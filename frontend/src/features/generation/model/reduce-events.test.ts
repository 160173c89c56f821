import { describe, expect, it } from "vitest";
import { blankMetadata } from "@/api/blank";
import type { GenerationEvent } from "@/api/types";
import { newStream, reduceEvents, shownText } from "./reduce-events";

const at = (attempt: number, seq: number, delta?: string): GenerationEvent => ({
  kind: "progress",
  generationId: "g",
  attempt,
  seq,
  status: "streaming",
  progress: seq,
  ...(delta === undefined ? {} : { delta }),
});
const complete = (attempt: number, seq: number, result: string): GenerationEvent => ({
  kind: "complete",
  generationId: "g",
  attempt,
  seq,
  result,
  metadata: blankMetadata,
});

describe("the text of a stream", () => {
  it("is its deltas in order", () => {
    const stream = reduceEvents(newStream("g"), [at(1, 1), at(1, 2, "Hel"), at(1, 3, "lo")]);
    expect(stream.text).toBe("Hello");
    expect([stream.attempt, stream.seq]).toEqual([1, 3]);
  });

  it("takes an event that comes twice once", () => {
    const stream = reduceEvents(newStream("g"), [at(1, 1, "a"), at(1, 2, "b"), at(1, 2, "b"), at(1, 3, "c")]);
    expect(stream.text).toBe("abc");
  });

  it("stops at a gap and goes on when the missing event comes", () => {
    const broken = reduceEvents(newStream("g"), [at(1, 1, "a"), at(1, 3, "c")]);
    expect(broken).toMatchObject({ text: "a", gap: true, seq: 1 });
    const mended = reduceEvents(broken, [at(1, 2, "b"), at(1, 3, "c")]);
    expect(mended).toMatchObject({ text: "abc", gap: false });
  });

  it("starts over with a higher attempt", () => {
    const stream = reduceEvents(newStream("g"), [at(1, 1, "old"), at(2, 1, "new"), at(1, 2, "late")]);
    expect(stream).toMatchObject({ text: "new", attempt: 2 });
  });

  it("waits for the start of a higher attempt it joined in the middle", () => {
    const stream = reduceEvents(newStream("g"), [at(1, 1, "old"), at(2, 4, "middle")]);
    expect(stream).toMatchObject({ text: "", attempt: 2, seq: 0, gap: true });
    expect(reduceEvents(stream, [at(2, 1, "new"), at(2, 2, "er")])).toMatchObject({ text: "newer", gap: false });
  });

  it("starts over when seq 1 comes again", () => {
    const stream = reduceEvents(newStream("g"), [at(1, 1, "a"), at(1, 2, "b"), at(1, 1, "a"), at(1, 2, "b")]);
    expect(stream.text).toBe("ab");
  });

  it("keeps what a reload found on the screen until the replay has caught up", () => {
    let stream = newStream("g", "Hello wor", "running", 40);
    stream = reduceEvents(stream, [at(1, 1), at(1, 2, "Hello")]);
    expect(shownText(stream)).toBe("Hello wor");
    stream = reduceEvents(stream, [at(1, 3, " world")]);
    expect(shownText(stream)).toBe("Hello world");
  });

  it("does not keep what a reload found when the attempt turns out to be another text", () => {
    const stream = reduceEvents(newStream("g", "Hello wor", "running"), [at(2, 1, "Other")]);
    expect(shownText(stream)).toBe("Other");
  });
});

describe("the end of a stream", () => {
  it("is the whole result, whatever was missed", () => {
    const stream = reduceEvents(newStream("g"), [at(1, 1, "a"), at(1, 5, "x"), complete(1, 9, "abcd"), at(1, 10, "!")]);
    expect(stream).toMatchObject({ status: "completed", text: "abcd", whole: true, progress: 100 });
  });

  it("keeps the text written so far when it fails or is stopped", () => {
    const failed = reduceEvents(newStream("g"), [
      at(1, 1, "part"),
      { kind: "failed", generationId: "g", attempt: 1, seq: 2, error: { code: "provider_error", message: "no" } },
    ]);
    expect(failed).toMatchObject({ status: "failed", text: "part", whole: true, error: { code: "provider_error" } });
    const stopped = reduceEvents(newStream("g"), [
      at(1, 1, "part"),
      { kind: "cancelled", generationId: "g", attempt: 1, seq: 4 },
    ]);
    expect(stopped).toMatchObject({ status: "cancelled", text: "part", whole: false });
  });
});
