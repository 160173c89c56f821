// One generation as the screen shows it: read over REST, followed over the socket while it runs.
import { useQuery } from "@tanstack/react-query";
import { useEffect, useMemo } from "react";
import { generationQuery, isEnded } from "../api/generations";
import { useStreams, watchGeneration } from "../model/streams";
import { type GenerationView, viewOf } from "../model/view";

export function useGeneration(id: string) {
  const query = useQuery(generationQuery(id));
  const stream = useStreams((state) => state.streams[id]);
  const generation = query.data;
  const running = generation !== undefined && !isEnded(generation);
  useEffect(() => {
    if (generation && running) watchGeneration(generation);
  }, [generation, running]);
  const view: GenerationView | undefined = useMemo(
    () => (generation ? viewOf(generation, stream) : undefined),
    [generation, stream],
  );
  return { view, error: query.error, isPending: query.isPending, isFetching: query.isFetching, refetch: query.refetch };
}
