// The shape of rows that are on their way.
export function RowsSkeleton() {
  return (
    <div className="grid gap-(--s-7) p-(--s-7)" aria-hidden="true">
      {[1, 2, 3, 4, 5].map((row) => (
        <div className="grid gap-(--s-3)" key={row}>
          <div className="skel w1" />
          <div className="skel w3" />
        </div>
      ))}
    </div>
  );
}
