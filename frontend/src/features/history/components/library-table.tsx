// The rows of the library: name and prompt, grain, state, time, star and delete.
import { Star, Trash2 } from "lucide-react";
import { Fragment } from "react";
import { Link } from "react-router";
import type { GenerationSummary } from "@/api/types";
import { Grain } from "@/components/ui/grain";
import { KindTile } from "@/components/ui/kind-tile";
import { ago, titleOf } from "@/lib/words";
import { barsOf, placeOf, stateOf } from "../model/summary";

interface LibraryTableProps {
  items: readonly GenerationSummary[];
  query: string;
  onStar: (item: GenerationSummary) => void;
  onDelete: (item: GenerationSummary) => void;
}

export function LibraryTable({ items, query, onStar, onDelete }: LibraryTableProps) {
  return (
    <table className="table lib-table">
      <thead>
        <tr>
          <th>Name</th>
          <th>Grain</th>
          <th>State</th>
          <th className="opt">Made</th>
          <th>
            <span className="sr">Actions</span>
          </th>
        </tr>
      </thead>
      <tbody>
        {items.map((item) => (
          <Row key={item.id} item={item} query={query} onStar={() => onStar(item)} onDelete={() => onDelete(item)} />
        ))}
      </tbody>
    </table>
  );
}

function Row({
  item,
  query,
  onStar,
  onDelete,
}: {
  item: GenerationSummary;
  query: string;
  onStar: () => void;
  onDelete: () => void;
}) {
  const title = titleOf(item);
  const state = stateOf(item);
  return (
    <tr>
      <td className="two">
        <div className="lib-name">
          <KindTile kind={item.type} />
          <div className="grow">
            {/* The conversation opens at this one, not at its latest. */}
            <Link className="clip block" to={placeOf(item)} state={{ open: item.id }}>
              <Marked text={title} query={query} />
            </Link>
            <small className="clip">
              {item.status !== "completed" && <span className="only-phone">{state.words},&nbsp;</span>}
              <Marked text={item.prompt} query={query} />
            </small>
          </div>
        </div>
      </td>
      <td className="opt-s">
        <Grain bars={barsOf(item)} width={72} small />
      </td>
      <td className="opt-s">
        <span className={`state ${state.tone}`}>{state.words}</span>
      </td>
      <td className="opt opt-s faint">
        <time dateTime={item.createdAt} title={new Date(item.createdAt).toLocaleString("en-GB")}>
          {ago(item.createdAt)}
        </time>
      </td>
      <td className="end">
        <span className="acts">
          <button
            type="button"
            className="btn btn-ghost btn-sm btn-icon"
            aria-pressed={item.starred === true}
            aria-label={`Star ${title}`}
            title={item.starred ? "Remove the star" : "Star"}
            onClick={onStar}
          >
            <Star className={item.starred ? "i starred" : "i"} aria-hidden="true" />
          </button>
          <button
            type="button"
            className="btn btn-ghost btn-sm btn-icon"
            aria-label={`Delete ${title}`}
            title="Delete"
            onClick={onDelete}
          >
            <Trash2 className="i" aria-hidden="true" />
          </button>
        </span>
      </td>
    </tr>
  );
}

function Marked({ text, query }: { text: string; query: string }) {
  const words = query.trim();
  if (words === "") return text;
  const pattern = new RegExp(`(${words.replace(/[.*+?^${}()|[\]\\]/g, "\\$&")})`, "i");
  return text.split(pattern).map((part, index) =>
    // biome-ignore lint/suspicious/noArrayIndexKey: parts have no other identity
    index % 2 === 1 ? <mark key={index}>{part}</mark> : <Fragment key={index}>{part}</Fragment>,
  );
}
