// A preview host for an element of the page, and what it says.
import { useCallback, useEffect, useRef, useState, useSyncExternalStore } from "react";
import { warmCompiler } from "../host/compiler-client";
import { warmPackages } from "../host/packages";
import { NOTHING_SHOWN, PreviewHost } from "../host/preview-host";
import type { SourceFile } from "../model/program";

const WARM_AFTER_MS = 3_000;

const never = () => () => undefined;
const initially = () => NOTHING_SHOWN;

/** `files`: what to show; undefined while there is nothing whole yet. The stage is the element that frames are put into. */
export function usePreview(
  files: readonly SourceFile[] | undefined,
  title: string,
  dark: boolean,
  /** Of one object and user: what it keeps is kept under this name. */
  storage: string,
) {
  const [host, setHost] = useState<PreviewHost>();
  const name = useRef(title);
  name.current = title;
  const made = useRef<PreviewHost>(undefined);
  const stage = useCallback((element: HTMLElement | null) => {
    made.current?.dispose();
    made.current = element ? new PreviewHost(element, name.current) : undefined;
    setHost(made.current);
  }, []);
  const state = useSyncExternalStore(host?.subscribe ?? never, host?.getState ?? initially);
  const waits = files === undefined;
  useEffect(() => {
    if (!waits) return warmPackages();
    // While code comes in, its lines go first.
    const later = setTimeout(() => {
      warmPackages();
      warmCompiler();
      host?.makeReady();
    }, WARM_AFTER_MS);
    return () => clearTimeout(later);
  }, [host, waits]);
  // Before the files: a program starts in the theme that is set.
  useEffect(() => host?.setDark(dark), [host, dark]);
  useEffect(() => host?.setStorage(storage), [host, storage]);
  useEffect(() => {
    if (host && files) void host.show(files);
  }, [host, files]);
  return { stage, host, state };
}
