// The next rows of a list that comes a page at a time.
interface MoreButtonProps {
  query: { hasNextPage: boolean; isFetchingNextPage: boolean; error: unknown; fetchNextPage: () => Promise<unknown> };
}

export function MoreButton({ query }: MoreButtonProps) {
  if (!query.hasNextPage || query.error) return null;
  return (
    <div className="lib-more">
      <button
        type="button"
        className="btn"
        onClick={() => void query.fetchNextPage()}
        disabled={query.isFetchingNextPage}
      >
        {query.isFetchingNextPage && <span className="nib" />}
        {query.isFetchingNextPage ? "Loading…" : "Show more"}
      </button>
    </div>
  );
}
