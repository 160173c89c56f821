// Whether files are something that the preview can show. Pure.

const RUNNABLE = /\.(?:[jt]sx?|mjs|html?)$/i;

export function canRun(paths: readonly string[]): boolean {
  return paths.some((path) => RUNNABLE.test(path));
}
