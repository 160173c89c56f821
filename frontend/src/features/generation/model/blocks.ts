// Splits Markdown at blank lines outside fences and lists, so that a growing text is read again only at its end. Pure.

export function blocksOf(text: string): string[] {
  const blocks: string[] = [];
  let current: string[] = [];
  let fence: string | null = null;
  let blank = false;
  for (const line of text.split("\n")) {
    const mark: string | undefined = /^ {0,3}(`{3,}|~{3,})/.exec(line)?.[1];
    // A line that begins at the margin and is no list item starts a new block after a blank line.
    const starts = fence === null && blank && /^[^\s]/.test(line) && !/^([-*+]|\d+[.)])\s/.test(line);
    if (starts && current.length > 0) {
      blocks.push(current.join("\n"));
      current = [];
    }
    current.push(line);
    if (fence === null && mark) fence = mark;
    else if (fence !== null && mark?.startsWith(fence) && line.trim() === mark) fence = null;
    blank = line.trim() === "";
  }
  if (current.length > 0) blocks.push(current.join("\n"));
  return blocks.filter((block) => block.trim() !== "");
}
