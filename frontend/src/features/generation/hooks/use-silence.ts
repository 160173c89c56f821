// How long a text has not grown, in whole seconds; 0 while it grows, and when nothing is being written.
import { useEffect, useState } from "react";

const WORTH_SAYING_S = 10;

export function useSilence(text: string, running: boolean): number {
  const [seconds, setSeconds] = useState(0);
  // biome-ignore lint/correctness/useExhaustiveDependencies: a longer text is what begins the count anew
  useEffect(() => {
    setSeconds(0);
    if (!running) return;
    const since = Date.now();
    const timer = setInterval(() => {
      const silent = Math.floor((Date.now() - since) / 1000);
      setSeconds(silent >= WORTH_SAYING_S ? silent : 0);
    }, 1_000);
    return () => clearInterval(timer);
  }, [text, running]);
  return seconds;
}
