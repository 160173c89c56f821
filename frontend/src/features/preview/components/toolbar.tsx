// What can be done with the preview: begin anew, another width, another theme, console, own window, whole screen.
import {
  ExternalLink,
  Maximize,
  Monitor,
  Moon,
  RotateCcw,
  Smartphone,
  SquareTerminal,
  Sun,
  Tablet,
} from "lucide-react";
import type { ReactNode, RefObject } from "react";
import type { PreviewState } from "../host/preview-host";

export type FrameSize = 360 | 768 | 1280 | "fit";

interface ToolbarProps {
  state: PreviewState;
  size: FrameSize;
  onSize: (size: FrameSize) => void;
  dark: boolean;
  onDark: (dark: boolean) => void;
  consoleOpen: boolean;
  onConsole: () => void;
  onReload: () => void;
  /** The rest, behind the last button. */
  menu: ReactNode;
  windowHref: string | undefined;
  fullScreen: RefObject<HTMLElement | null>;
}

const sizes = [
  { size: 360, name: "Phone, 360 px wide", Glyph: Smartphone },
  { size: 768, name: "Tablet, 768 px wide", Glyph: Tablet },
  { size: 1280, name: "Desktop, 1280 px wide", Glyph: Monitor },
] as const;

export function Toolbar(props: ToolbarProps) {
  const { state, size, onSize, dark, onDark, consoleOpen, onConsole, onReload, menu, windowHref, fullScreen } = props;
  const said = state.entries.length;
  return (
    <div className="toolbar" role="toolbar" aria-label="Preview">
      <ToolButton label="Reload the app" onClick={onReload} disabled={!state.hasFrame && state.status !== "failed"}>
        <RotateCcw className="i" aria-hidden="true" />
      </ToolButton>
      {/* biome-ignore lint/a11y/useSemanticElements: a row of buttons, not a form group */}
      <span className="seg hide-phone" role="group" aria-label="Width">
        {sizes.map(({ size: each, name, Glyph }) => (
          <button
            key={each}
            type="button"
            aria-pressed={size === each}
            aria-label={name}
            title={name}
            onClick={() => onSize(each)}
          >
            <Glyph className="i i-sm" aria-hidden="true" />
          </button>
        ))}
        <button
          type="button"
          aria-pressed={size === "fit"}
          title="As wide as there is room"
          onClick={() => onSize("fit")}
        >
          Fit
        </button>
      </span>
      <span className="grow" />
      <button type="button" className="btn btn-ghost btn-sm" aria-pressed={consoleOpen} onClick={onConsole}>
        <SquareTerminal className="i" aria-hidden="true" />
        <span className="hide-phone">Console</span>
        <span className="sr">{consoleOpen ? "Close the console" : "Open the console"}</span>
        {said > 0 && <span className="num faint">{said}</span>}
      </button>
      <ToolButton label={dark ? "Light theme" : "Dark theme"} onClick={() => onDark(!dark)}>
        {dark ? <Sun className="i" aria-hidden="true" /> : <Moon className="i" aria-hidden="true" />}
      </ToolButton>
      {windowHref !== undefined && (
        <a
          className="btn btn-ghost btn-sm btn-icon"
          href={windowHref}
          target="_blank"
          rel="noopener"
          aria-label="Open in a window of its own"
          title="Open in a window of its own"
        >
          <ExternalLink className="i" aria-hidden="true" />
        </a>
      )}
      <ToolButton
        label="Full screen"
        onClick={() => {
          if (document.fullscreenElement) void document.exitFullscreen();
          else void fullScreen.current?.requestFullscreen().catch(() => undefined);
        }}
      >
        <Maximize className="i" aria-hidden="true" />
      </ToolButton>
      {menu}
    </div>
  );
}

interface ToolButtonProps {
  label: string;
  onClick: () => void;
  disabled?: boolean;
  children: ReactNode;
}

function ToolButton({ label, onClick, disabled = false, children }: ToolButtonProps) {
  return (
    <button
      type="button"
      className="btn btn-ghost btn-sm btn-icon"
      aria-label={label}
      title={label}
      aria-disabled={disabled}
      onClick={() => {
        if (!disabled) onClick();
      }}
    >
      {children}
    </button>
  );
}
