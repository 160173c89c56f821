// What kind a thing is: a small tile with the kind's glyph in its colour, and the kind's name.
import { AppWindow, Braces, CodeXml, Terminal } from "lucide-react";
import type { Kind } from "@/api/types";

const look = {
  ui: { name: "App", tone: "k-app", Glyph: AppWindow },
  api: { name: "API", tone: "k-api", Glyph: Braces },
  cli: { name: "CLI", tone: "k-cli", Glyph: Terminal },
  code: { name: "Code", tone: "k-code", Glyph: CodeXml },
} as const;

export const kinds: readonly Kind[] = ["ui", "api", "cli", "code"];

export function kindName(kind: Kind): string {
  return look[kind].name;
}

export function kindTone(kind: Kind): string {
  return look[kind].tone;
}

export function KindGlyph({ kind, small = false }: { kind: Kind; small?: boolean }) {
  const { Glyph } = look[kind];
  return <Glyph className={small ? "i i-sm" : "i"} aria-hidden="true" />;
}

export function KindTile({ kind, small = false }: { kind: Kind; small?: boolean }) {
  return (
    <span className={`kind ${look[kind].tone} ${small ? "kind-sm" : ""}`} title={look[kind].name}>
      <KindGlyph kind={kind} />
    </span>
  );
}
