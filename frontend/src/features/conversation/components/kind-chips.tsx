// Which kind to make: one of four, or Auto, which says what it picked.
import { RadioGroup } from "radix-ui";
import type { Kind } from "@/api/types";
import { KindGlyph, kindName, kinds } from "@/components/ui/kind-tile";

export type KindChoice = Kind | "auto";

interface KindChipsProps {
  choice: KindChoice;
  /** What Auto would take; undefined while there is nothing to go by. */
  guess: Kind | undefined;
  onChoice: (choice: KindChoice) => void;
}

export function KindChips({ choice, guess, onChoice }: KindChipsProps) {
  return (
    <RadioGroup.Root
      className="chips"
      aria-label="What to make"
      value={choice}
      onValueChange={(value) => onChoice(value as KindChoice)}
      orientation="horizontal"
    >
      <RadioGroup.Item className="chip" value="auto">
        Auto{choice === "auto" && guess ? `: ${kindName(guess)}` : ""}
      </RadioGroup.Item>
      {kinds.map((kind) => (
        <RadioGroup.Item className="chip" value={kind} key={kind}>
          <KindGlyph kind={kind} small />
          {kindName(kind)}
        </RadioGroup.Item>
      ))}
    </RadioGroup.Root>
  );
}
