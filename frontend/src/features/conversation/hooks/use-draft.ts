// What is being typed, kept per user and place, so that a reload or a lost session takes nothing away.
import { useCallback, useEffect, useState } from "react";
import { useSession } from "@/lib/auth-session";
import { load, save } from "@/lib/storage";

export function useDraft(place: string): [string, (text: string) => void] {
  const userId = useSession((state) => state.user?.id ?? "");
  const key = `aether.draft.${userId}.${place}`;
  const [draft, setDraft] = useState({ key, text: load(key, "") });
  const text = draft.key === key ? draft.text : load(key, "");
  useEffect(() => {
    setDraft((current) => (current.key === key ? current : { key, text: load(key, "") }));
  }, [key]);
  const change = useCallback(
    (next: string) => {
      setDraft({ key, text: next });
      save(key, next === "" ? undefined : next);
    },
    [key],
  );
  return [text, change];
}
