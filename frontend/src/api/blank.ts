// A generation as it is when it has just been asked for, before the server says more. Also where tests begin.
import type { Generation, Metadata } from "./types";

export const blankMetadata: Metadata = {
  provider: null,
  model: null,
  routing: null,
  promptVersion: null,
  context: null,
  usage: { inputTokens: 0, outputTokens: 0 },
  costUsd: 0,
  durationMs: null,
  firstTokenMs: null,
  cached: false,
  attempts: 0,
  files: [],
  validation: { ok: true, issues: [] },
};

export function blankGeneration(known: Pick<Generation, "id" | "type" | "prompt"> & Partial<Generation>): Generation {
  return {
    title: "",
    result: "",
    language: null,
    status: "queued",
    progress: 0,
    error: null,
    model: null,
    parentId: null,
    roomId: null,
    starred: false,
    metadata: blankMetadata,
    createdAt: new Date().toISOString(),
    completedAt: null,
    ...known,
  };
}
