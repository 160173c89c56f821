// Everything the user made: search and filters live in the URL, rows come a page at a time, deletion can be undone.
import { useInfiniteQuery, useQueryClient } from "@tanstack/react-query";
import { Star } from "lucide-react";
import type { ReactNode } from "react";
import { useSearchParams } from "react-router";
import { keys } from "@/api/keys";
import type { GenerationStatus, GenerationSummary, Kind } from "@/api/types";
import { ErrorCard } from "@/components/ui/error-card";
import { FilterSelect } from "@/components/ui/filter-select";
import { kindName, kinds } from "@/components/ui/kind-tile";
import { MoreButton } from "@/components/ui/more-button";
import { SearchBox } from "@/components/ui/search-box";
import { showToast } from "@/components/ui/toast";
import { errorWords } from "@/lib/api-client";
import { useFilter } from "@/lib/use-filter";
import { count, titleOf } from "@/lib/words";
import { type Filters, libraryQuery, setStarred } from "../api/history";
import { useDeletion, useHidden } from "../hooks/use-deletion";
import { LibraryTable } from "./library-table";

const statuses: readonly [GenerationStatus, string][] = [
  ["completed", "Ready"],
  ["running", "Being made"],
  ["queued", "Waiting"],
  ["failed", "Failed"],
  ["cancelled", "Stopped"],
];

export function Library({ action }: { action: ReactNode }) {
  const [params, setParams] = useSearchParams();
  const setFilter = useFilter();
  const filters = readFilters(params);
  const query = useInfiniteQuery(libraryQuery(filters));
  const client = useQueryClient();
  const hidden = useHidden((state) => state.ids);
  const remove = useDeletion();
  const items = (query.data?.pages.flatMap((page) => page.items) ?? []).filter((item) => !hidden.has(item.id));
  const filtered = params.size > 0;

  async function star(item: GenerationSummary) {
    try {
      await setStarred(item.id, !item.starred);
      await client.invalidateQueries({ queryKey: keys.history });
    } catch (error) {
      showToast(`The star could not be changed. ${errorWords(error)}`);
    }
  }

  return (
    <div className="lib">
      <header className="lib-head">
        <h1>Library</h1>
        {query.data && (
          <span className="faint num">
            {count(items.length, "thing")}
            {query.hasNextPage ? ", and more" : ""}
          </span>
        )}
        {action}
      </header>
      <div className="lib-filters">
        <SearchBox
          label="Search the library"
          placeholder="Search titles, prompts and text"
          value={filters.q ?? ""}
          onChange={(value) => setFilter("q", value)}
        />
        <FilterSelect
          label="Kind"
          value={filters.type ?? ""}
          options={kinds.map((kind) => [kind, kindName(kind)])}
          onChange={(value) => setFilter("kind", value)}
        />
        <FilterSelect
          label="State"
          value={filters.status ?? ""}
          options={statuses}
          onChange={(value) => setFilter("state", value)}
        />
        <button
          type="button"
          className="btn"
          aria-pressed={filters.starred === true}
          onClick={() => setFilter("starred", filters.starred ? "" : "true")}
        >
          <Star className={filters.starred ? "i i-sm starred" : "i i-sm"} aria-hidden="true" />
          Starred
        </button>
        {filtered && (
          <button type="button" className="btn btn-ghost" onClick={() => setParams({}, { replace: true })}>
            Clear
          </button>
        )}
      </div>
      <section className="lib-wrap" aria-label="Results" aria-busy={query.isFetching}>
        {query.isPending && <RowsSkeleton />}
        {items.length > 0 && (
          <LibraryTable
            items={items}
            query={filters.q ?? ""}
            onStar={(item) => void star(item)}
            onDelete={(item) => remove(item.id, titleOf(item))}
          />
        )}
        {query.error && (
          <div className="p-(--s-7)">
            <ErrorCard
              title={items.length > 0 ? "The next rows could not be loaded" : "The library could not be loaded"}
              error={query.error}
              onRetry={() => void (items.length > 0 ? query.fetchNextPage() : query.refetch())}
              retrying={query.isFetching}
            />
          </div>
        )}
        {query.isSuccess && items.length === 0 && (
          <Empty filtered={filtered} q={filters.q} onClear={() => setParams({}, { replace: true })} />
        )}
        <MoreButton query={query} />
      </section>
    </div>
  );
}

function readFilters(params: URLSearchParams): Filters {
  const type = params.get("kind");
  const status = params.get("state");
  return {
    q: params.get("q") || undefined,
    type: kinds.find((kind) => kind === type) as Kind | undefined,
    status: statuses.find(([value]) => value === status)?.[0],
    starred: params.get("starred") === "true" || undefined,
  };
}

function Empty({ filtered, q, onClear }: { filtered: boolean; q: string | undefined; onClear: () => void }) {
  if (filtered) {
    return (
      <div className="empty">
        <h3>{q ? `Nothing matches "${q}"` : "Nothing matches these filters"}</h3>
        <button type="button" className="btn" onClick={onClear}>
          Clear filters
        </button>
      </div>
    );
  }
  return (
    <div className="empty">
      <h3>Everything you make is kept here</h3>
      <p>Apps, APIs, commands and code, with the words that made them.</p>
    </div>
  );
}

function RowsSkeleton() {
  return (
    <div className="grid gap-(--s-7) p-(--s-7)" aria-hidden="true">
      {[1, 2, 3, 4, 5].map((row) => (
        <div className="flex items-center gap-(--s-5)" key={row}>
          <div className="skel tile" />
          <div className="grow grid gap-(--s-3)">
            <div className="skel w1" />
            <div className="skel w3" />
          </div>
        </div>
      ))}
    </div>
  );
}
