// A generation as whoever has its link sees it: without whose it is. Pure.
import { blankGeneration, blankMetadata } from "@/api/blank";
import type { Generation, Metadata } from "@/api/types";

export type SharedGeneration = Pick<
  Generation,
  "type" | "title" | "prompt" | "result" | "language" | "model" | "createdAt" | "completedAt"
> &
  Pick<Metadata, "files" | "validation">;

// Ids of generations hold no colon.
const MARK = "shared:";

/** As the parts of the screen know generations. It is named by the link's token, for its own id is not told. */
export function fromShared({ files, validation, ...known }: SharedGeneration, token: string): Generation {
  return blankGeneration({
    ...known,
    id: MARK + token,
    status: "completed",
    progress: 100,
    metadata: { ...blankMetadata, files, validation },
  });
}

/** The token of the link that names it so, or null for an id of its own. */
export function tokenOf(id: string): string | null {
  return id.startsWith(MARK) ? id.slice(MARK.length) : null;
}
