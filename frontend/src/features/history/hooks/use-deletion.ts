// Deletes with a way back: the item is hidden at once and deleted when the time to undo has passed, or the page closes.
import { useQueryClient } from "@tanstack/react-query";
import { create } from "zustand";
import { keys } from "@/api/keys";
import { showToast } from "@/components/ui/toast";
import { UNDO_MS } from "@/config/limits";
import { ApiError, errorWords } from "@/lib/api-client";
import { deleteGeneration } from "../api/history";

/** Ids that are hidden because they are deleted, or about to be. */
export const useHidden = create<{ ids: ReadonlySet<string> }>(() => ({ ids: new Set() }));

const timers = new Map<string, ReturnType<typeof setTimeout>>();

if (typeof window !== "undefined") {
  window.addEventListener("pagehide", () => {
    for (const [id, timer] of timers) {
      clearTimeout(timer);
      void deleteGeneration(id, true).catch(() => undefined);
    }
    timers.clear();
  });
}

export function useDeletion(): (id: string, title: string) => void {
  const client = useQueryClient();
  return (id, title) => {
    hide(id, true);
    timers.set(
      id,
      setTimeout(async () => {
        timers.delete(id);
        try {
          await deleteGeneration(id);
        } catch (error) {
          const gone = error instanceof ApiError && error.status === 404;
          if (!gone) {
            hide(id, false);
            showToast(`${title} could not be deleted. ${errorWords(error)}`);
          }
        }
        void client.invalidateQueries({ queryKey: keys.history });
      }, UNDO_MS),
    );
    showToast(`${title} is deleted.`, {
      ms: UNDO_MS,
      action: {
        label: "Undo",
        run: () => {
          clearTimeout(timers.get(id));
          timers.delete(id);
          hide(id, false);
        },
      },
    });
  };
}

function hide(id: string, hidden: boolean): void {
  const ids = new Set(useHidden.getState().ids);
  if (hidden) ids.add(id);
  else ids.delete(id);
  useHidden.setState({ ids });
}
