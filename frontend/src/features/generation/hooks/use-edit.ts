// Changing files by hand: what is changed of this version, and how it becomes a version of its own.
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useEffect, useRef, useState } from "react";
import { keys } from "@/api/keys";
import type { Generation, GenerationSummary } from "@/api/types";
import { showToast } from "@/components/ui/toast";
import { UNDO_MS } from "@/config/limits";
import { errorWords } from "@/lib/api-client";
import { count } from "@/lib/words";
import { roomGenerationsQuery, writeFile } from "../api/generations";
import { editsOf, type FileTexts, isEmpty, setEdits, useEditsOf } from "../model/edits";
import { versionsAfter } from "../model/versions";
import type { GenerationView } from "../model/view";

export interface Edit {
  /** Whether files can be changed here at all. */
  readonly isPossible: boolean;
  readonly isOn: boolean;
  /** It was asked for just now: nothing is changed yet. */
  readonly isFresh: boolean;
  readonly texts: FileTexts;
  readonly isSaving: boolean;
  /** A version that came after the one that is being changed. */
  readonly newer: GenerationSummary | undefined;
  /** "Save" waits for an answer, because of that version. */
  readonly asks: boolean;
  begin: () => void;
  end: () => void;
  discard: () => void;
  save: () => void;
  /** The answer: save it all the same, or go on editing. */
  answer: (yes: boolean) => void;
}

/** `onSaved` takes over the new version; without it nothing can be changed here. */
export function useEdit(view: GenerationView | undefined, onSaved: ((made: Generation) => void) | undefined): Edit {
  const id = view?.generation.id ?? "";
  const roomId = view?.generation.roomId ?? null;
  const client = useQueryClient();
  const texts = useEditsOf(id);
  const [begun, setBegun] = useState<string>();
  const [asks, setAsks] = useState(false);
  const isPossible = onSaved !== undefined && view?.ended === true && view.files.length > 0;
  const room = useQuery({ ...roomGenerationsQuery(roomId ?? ""), enabled: roomId !== null && isPossible });

  const keep = (made: Generation) => {
    client.setQueryData(keys.generation(made.id), made);
    if (made.roomId !== null) {
      client.setQueryData<GenerationSummary[]>(keys.room(made.roomId), (known = []) =>
        known.some((other) => other.id === made.id) ? known : [...known, made],
      );
    }
    void client.invalidateQueries({ queryKey: keys.history });
  };
  // The text that is looked at must not fall back while the new version is not on the screen yet: what was saved stops being an
  // edit of the old one when that is left.
  const saved = useRef<Saved>(undefined);
  // biome-ignore lint/correctness/useExhaustiveDependencies: another version is what it waits for
  useEffect(
    () => () => {
      if (saved.current) moveEdits(saved.current);
      saved.current = undefined;
    },
    [id],
  );
  const saving = useMutation({
    mutationFn: async (isSure: boolean) => {
      if (roomId !== null && !isSure) {
        // What the screen knows may be a moment old.
        const now = await client.fetchQuery({ ...roomGenerationsQuery(roomId), staleTime: 0 });
        if (versionsAfter(now, id).length > 0) {
          setAsks(true);
          return;
        }
      }
      const { made, texts, error } = await saveAll(id);
      if (made) {
        keep(made);
        saved.current = { from: id, to: made.id, texts };
        setBegun(made.id);
        onSaved?.(made);
      }
      if (error !== undefined) throw error;
      showToast("Saved as a new version.");
    },
    onError: (error) => showToast(`It could not be saved. ${errorWords(error)} Your edit is kept.`, { ms: UNDO_MS }),
  });
  const save = (isSure: boolean) => {
    if (isPossible && !isEmpty(texts) && !saving.isPending) saving.mutate(isSure);
  };
  return {
    isPossible,
    isOn: isPossible && (begun === id || !isEmpty(texts)),
    isFresh: begun === id && isEmpty(texts),
    texts,
    isSaving: saving.isPending,
    newer: isPossible ? versionsAfter(room.data ?? [], id).at(-1) : undefined,
    asks,
    begin: () => setBegun(id),
    end: () => setBegun(undefined),
    discard: () => {
      const before = editsOf(id);
      setBegun(id);
      setEdits(id, {});
      showToast(`Your edit of ${count(Object.keys(before).length, "file")} is discarded.`, {
        ms: UNDO_MS,
        action: { label: "Undo", run: () => setEdits(id, { ...before, ...editsOf(id) }) },
      });
    },
    save: () => save(false),
    answer: (yes) => {
      setAsks(false);
      if (yes) save(true);
    },
  };
}

interface Saved {
  from: string;
  to: string;
  texts: FileTexts;
}

/** What was typed while it was being saved is an edit of the new version. */
function moveEdits({ from, to, texts }: Saved): void {
  const left = Object.entries(editsOf(from)).filter(([path, text]) => texts[path] !== text);
  setEdits(from, {});
  setEdits(to, Object.fromEntries(left));
}

/** One file after the other, each a version made from the one before. What is saved stays saved when the next one fails. */
async function saveAll(id: string): Promise<{ made: Generation | undefined; texts: FileTexts; error?: unknown }> {
  let made: Generation | undefined;
  const texts: Record<string, string> = {};
  for (const [path, text] of Object.entries(editsOf(id))) {
    try {
      made = await writeFile(made?.id ?? id, path, text);
    } catch (error) {
      return { made, texts, error };
    }
    texts[path] = text;
  }
  return { made, texts };
}
