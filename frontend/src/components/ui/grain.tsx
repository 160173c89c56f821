// The grain: one bar per file, as wide as its share. It is the progress while a thing is made, then its signature.
import { type Bar, layoutBars } from "./grain-bars";

interface GrainProps {
  bars: readonly Bar[];
  /** Said to a screen reader; without it the grain is decoration beside words that say the same. */
  label?: string;
  /** Width in its own units: wider means relatively thinner gaps. */
  width?: number;
  small?: boolean;
  /** Begins in copper and turns to its own tones, once. */
  settling?: boolean;
}

export function Grain({ bars, label, width = 400, small = false, settling = false }: GrainProps) {
  const named = label ? ({ role: "img", "aria-label": label } as const) : ({ "aria-hidden": true } as const);
  return (
    // biome-ignore lint/a11y/noSvgWithoutTitle: named or hidden by the props below
    <svg
      className={`grain ${small ? "grain-sm" : ""} ${settling ? "settling" : ""}`}
      viewBox={`0 0 ${width} 6`}
      preserveAspectRatio="none"
      {...named}
    >
      {layoutBars(bars, width).map((rect) => (
        <rect key={rect.key} className={rect.tone} x={rect.x} y={rect.y} width={rect.width} height={rect.height} />
      ))}
    </svg>
  );
}

/** Work whose size is not known yet: a thin rail with a short piece passing. */
export function GrainWaiting() {
  return (
    <svg className="grain" viewBox="0 0 400 6" preserveAspectRatio="none" aria-hidden="true">
      <rect className="plan" x="0" y="2" width="400" height="2" />
      <rect className="pass" x="0" y="2" width="48" height="2" />
    </svg>
  );
}
