// The picture beside the sign-in form: rows of grain, the same at each visit. Pure.

export interface WeaveRect {
  readonly className: string | undefined;
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

const WIDTH = 640;
const ROWS = 22;
const NOW = 15;
const WRITTEN = 355;

export const weave: readonly WeaveRect[] = make();

function make(): WeaveRect[] {
  const rects: WeaveRect[] = [];
  // A small generator of our own, so that the picture never changes.
  let seed = 20_261;
  const random = () => {
    seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648;
    return seed / 2_147_483_648;
  };
  for (let row = 0; row < ROWS; row += 1) {
    const y = row * 18;
    let x = 0;
    while (x < WIDTH) {
      let width = Math.round(14 + random() ** 2 * 120);
      if (row === NOW && x < WRITTEN && x + width > WRITTEN - 14) width = WRITTEN - x;
      if (x + width > WIDTH - 18) width = WIDTH - x;
      rects.push({ className: toneAt(row, x, random()), x, y, width, height: 8 });
      x += width + 4;
    }
  }
  rects.push({ className: "tip", x: WRITTEN - 1, y: NOW * 18 - 4, width: 3, height: 16 });
  return rects;
}

function toneAt(row: number, x: number, chance: number): string | undefined {
  if (row > NOW || (row === NOW && x >= WRITTEN)) return "d";
  if (row === NOW) return "m";
  if (chance < 0.24) return "a";
  return chance < 0.46 ? "b" : undefined;
}
