// The preview of an app: toolbar, what is wrong, the app itself, its console.
import "@/styles/preview.css";
import { useEffect, useRef, useState } from "react";
import { useSession } from "@/lib/auth-session";
import { useTheme } from "@/lib/theme";
import { usePreview } from "../hooks/use-preview";
import { PreviewHost } from "../host/preview-host";
import { fixPrompt } from "../model/problems";
import type { Problem, SourceFile } from "../model/program";
import { DialogBar, LinkBar, ProblemBar, SilentBar } from "./bars";
import { ConsolePanel } from "./console-panel";
import { PreviewMenu } from "./preview-menu";
import { Stage } from "./stage";
import { StatusStrip } from "./status-strip";
import { type FrameSize, Toolbar } from "./toolbar";

interface PreviewTabProps {
  title: string;
  /** Always the same list for the same version; undefined while nothing whole is there. */
  files: readonly SourceFile[] | undefined;
  /** What to say while there are no files. */
  waiting: string;
  /** Says why what is seen running, if anything, is an earlier version. */
  behind?: string | undefined;
  /** Nothing can be asked for meanwhile. */
  writing: boolean;
  onOpenFile: (path: string, line: number | undefined) => void;
  /** Sends a prompt; absent where there is no conversation to send it to. */
  onFix?: ((prompt: string) => void) | undefined;
  /** Where the app is alone in a window; absent where it is. */
  windowHref?: string | undefined;
  /** Names the object through all its versions. */
  family: string;
  /** What runs has changes in it that are not saved. */
  edited?: boolean;
  /** Told what is wrong, whenever that is something else. */
  onProblems?: ((problems: readonly Problem[]) => void) | undefined;
}

export default function PreviewTab(props: PreviewTabProps) {
  const { title, files, waiting, behind, writing, onOpenFile, onFix, windowHref, family, edited, onProblems } = props;
  const [dark, setDark] = useDark();
  const [size, setSize] = useState<FrameSize>("fit");
  const userId = useSession(({ user }) => user?.id ?? "");
  const [showConsole, setShowConsole] = useState(false);
  const { stage, host, state } = usePreview(files, `${title}, running`, dark, `${userId}.${family}`);
  const root = useRef<HTMLElement>(null);
  const tell = useRef(onProblems);
  tell.current = onProblems;
  useEffect(() => tell.current?.(state.problems), [state.problems]);
  return (
    <section className="preview" aria-label={`Preview of ${title}`} ref={root}>
      <Toolbar
        state={state}
        size={size}
        onSize={setSize}
        dark={dark}
        onDark={setDark}
        consoleOpen={showConsole}
        onConsole={() => setShowConsole(!showConsole)}
        onReload={() => host?.reload()}
        menu={host && <PreviewMenu host={host} />}
        windowHref={windowHref}
        fullScreen={root}
      />
      <div className="preview-bars">
        {state.status === "unresponsive" && (
          <SilentBar onStop={() => host?.stop()} onRestart={() => PreviewHost.restartAll()} />
        )}
        <ProblemBar
          state={state}
          onOpenFile={onOpenFile}
          onFix={onFix && !writing ? () => onFix(fixPrompt(state.problems)) : undefined}
        />
        {state.dialog && (
          <DialogBar
            dialog={state.dialog}
            onConfirms={(yes) => host?.setConfirms(yes)}
            onClose={() => host?.closeDialog()}
          />
        )}
        {state.link !== null && <LinkBar link={state.link} onClose={() => host?.closeLink()} />}
      </div>
      <Stage
        stage={stage}
        state={state}
        size={size}
        waiting={waiting}
        dimmed={behind !== undefined}
        onStart={() => host?.reload()}
      />
      {showConsole && <ConsolePanel state={state} onClear={() => host?.clearConsole()} />}
      <StatusStrip state={state} behind={behind} writing={writing} edited={edited === true} />
    </section>
  );
}

/** As the shell at first; then as the switch says. */
function useDark(): [dark: boolean, set: (dark: boolean) => void] {
  const theme = useTheme((state) => state.theme);
  const [chosen, setChosen] = useState<boolean>();
  const shell = theme === "system" ? matchMedia("(prefers-color-scheme: dark)").matches : theme === "dark";
  return [chosen ?? shell, setChosen];
}
