// Stops a generation. "Stopping" lasts until the last event says how it ended.
import { useCallback, useState } from "react";
import { showToast } from "@/components/ui/toast";
import { ApiError, errorWords } from "@/lib/api-client";
import { cancelGeneration } from "../api/generations";

export function useStop(id: string | undefined) {
  const [stoppingId, setStoppingId] = useState<string>();
  const stop = useCallback(() => {
    if (!id) return;
    setStoppingId(id);
    cancelGeneration(id).catch((error: unknown) => {
      setStoppingId(undefined);
      // It had ended already: its last event is on the way.
      if (error instanceof ApiError && error.status === 409) return;
      showToast(`It could not be stopped. ${errorWords(error)}`);
    });
  }, [id]);
  return { stop, stopping: id !== undefined && stoppingId === id };
}
