// Says when something is ready that the user is not looking at, with the way to it.
import { useEffect } from "react";
import { useNavigate } from "react-router";
import { keys } from "@/api/keys";
import type { Generation } from "@/api/types";
import { showToast } from "@/components/ui/toast";
import { useStreams } from "@/features/generation/model/streams";
import { placeOf } from "@/features/history/model/summary";
import { queryClient } from "@/lib/query";
import { titleOf } from "@/lib/words";

export function useReadyNotice(): void {
  const navigate = useNavigate();
  useEffect(
    () =>
      useStreams.subscribe(({ streams: now }, { streams: before }) => {
        for (const stream of Object.values(now)) {
          const was = before[stream.id];
          if (stream.status !== "completed" || !was || was.status === "completed") continue;
          const generation = queryClient.getQueryData<Generation>(keys.generation(stream.id));
          if (!generation || window.location.pathname === placeOf(generation)) continue;
          showToast(`${titleOf(generation)} is ready.`, {
            ms: 8_000,
            action: {
              label: "Open",
              run: () => void navigate(placeOf(generation), { state: { open: generation.id } }),
            },
          });
        }
      }),
    [navigate],
  );
}
