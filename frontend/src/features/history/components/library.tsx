// Everything the user made: search and filters live in the URL, rows come a page at a time, deletion can be undone.
import { useInfiniteQuery, useQueryClient } from "@tanstack/react-query";
import { ChevronDown, Search, Star } from "lucide-react";
import { type ReactNode, useEffect, useRef, useState } from "react";
import { useSearchParams } from "react-router";
import { keys } from "@/api/keys";
import type { GenerationStatus, GenerationSummary, Kind } from "@/api/types";
import { ErrorCard } from "@/components/ui/error-card";
import { kindName, kinds } from "@/components/ui/kind-tile";
import { showToast } from "@/components/ui/toast";
import { errorWords } from "@/lib/api-client";
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
  const filters = readFilters(params);
  const query = useInfiniteQuery(libraryQuery(filters));
  const client = useQueryClient();
  const hidden = useHidden((state) => state.ids);
  const remove = useDeletion();
  const items = (query.data?.pages.flatMap((page) => page.items) ?? []).filter((item) => !hidden.has(item.id));
  const filtered = params.size > 0;

  function setFilter(name: string, value: string) {
    setParams(
      (old) => {
        const next = new URLSearchParams(old);
        if (value) next.set(name, value);
        else next.delete(name);
        return next;
      },
      { replace: true },
    );
  }
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
        <SearchBox value={filters.q ?? ""} onChange={(value) => setFilter("q", value)} />
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
        {query.hasNextPage && !query.error && (
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
        )}
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

/** Asks when the typing pauses; "/" puts the caret here. */
function SearchBox({ value, onChange }: { value: string; onChange: (value: string) => void }) {
  const [text, setText] = useState(value);
  const box = useRef<HTMLInputElement>(null);
  const change = useRef(onChange);
  change.current = onChange;
  useEffect(() => setText(value), [value]);
  useEffect(() => {
    if (text === value) return;
    const timer = setTimeout(() => change.current(text), 250);
    return () => clearTimeout(timer);
  }, [text, value]);
  useEffect(() => {
    function onKey(event: KeyboardEvent) {
      if (event.key !== "/" || (event.target as HTMLElement).closest("input, textarea, select")) return;
      event.preventDefault();
      box.current?.focus();
    }
    document.addEventListener("keydown", onKey);
    return () => document.removeEventListener("keydown", onKey);
  }, []);
  return (
    <div className="input-wrap">
      <Search className="i" aria-hidden="true" />
      <input
        ref={box}
        className="input"
        type="search"
        aria-label="Search the library"
        placeholder="Search titles, prompts and text"
        value={text}
        onChange={(event) => setText(event.target.value)}
      />
    </div>
  );
}

interface FilterSelectProps {
  label: string;
  value: string;
  options: readonly (readonly [string, string])[];
  onChange: (value: string) => void;
}

function FilterSelect({ label, value, options, onChange }: FilterSelectProps) {
  return (
    <span className="pick">
      <select
        className="btn lib-pick"
        aria-label={label}
        value={value}
        onChange={(event) => onChange(event.target.value)}
      >
        <option value="">{label}: any</option>
        {options.map(([option, name]) => (
          <option key={option} value={option}>
            {label}: {name}
          </option>
        ))}
      </select>
      <ChevronDown className="i i-sm" aria-hidden="true" />
    </span>
  );
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
