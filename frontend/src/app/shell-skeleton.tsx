// What stands until it is known who is there: the shell's shape, no words.
export function ShellSkeleton() {
  return (
    <div className="shell" aria-busy="true">
      <div className="side" />
      <div className="main">
        <div className="top" />
        <div />
      </div>
    </div>
  );
}
