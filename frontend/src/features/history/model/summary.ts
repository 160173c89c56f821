// What a list row shows of a generation: where it opens, its grain, its state. Pure.
import type { GenerationSummary } from "@/api/types";
import { type Bar, settledBars } from "@/components/ui/grain-bars";

export function placeOf(item: GenerationSummary): string {
  return item.roomId ? `/c/${item.roomId}` : `/g/${item.id}`;
}

export function barsOf(item: GenerationSummary): Bar[] {
  const files = item.metadata?.files ?? [];
  const bars = settledBars(files.map((file) => ({ path: file.path, weight: file.bytes ?? 1, status: file.status })));
  return item.status === "completed" ? bars : bars.map((bar) => ({ ...bar, tone: "left" }));
}

export function stateOf(item: GenerationSummary): { tone: string; words: string } {
  switch (item.status) {
    case "queued":
      return { tone: "waiting", words: "Waiting" };
    case "running":
      return { tone: "making", words: "Being made" };
    case "completed":
      return { tone: "ready", words: "Ready" };
    case "failed":
      return { tone: "failed", words: "Failed" };
    case "cancelled":
      return { tone: "", words: "Stopped" };
  }
}
