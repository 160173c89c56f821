// The latest things made, as cards that show their real files.
import { Link } from "react-router";
import type { GenerationSummary } from "@/api/types";
import { Grain } from "@/components/ui/grain";
import { KindTile } from "@/components/ui/kind-tile";
import { ago, titleOf } from "@/lib/words";
import { barsOf, placeOf, stateOf } from "../model/summary";

export function RecentCards({ items }: { items: readonly GenerationSummary[] }) {
  return (
    <div className="cards">
      {items.map((item) => (
        <Link className="card obj" to={placeOf(item)} key={item.id}>
          <FileThumb item={item} />
          <span className="obj-body">
            <span className="artifact-row">
              <KindTile kind={item.type} small />
              <span className="artifact-name clip">{titleOf(item)}</span>
            </span>
            <span className="obj-foot">
              <span className="clip">
                {item.status === "completed" ? "" : `${stateOf(item).words}, `}
                {ago(item.createdAt)}
              </span>
              <Grain bars={barsOf(item)} width={72} small />
            </span>
          </span>
        </Link>
      ))}
    </div>
  );
}

/** A small picture of a thing: its largest files, each with a bar as long as its share. */
function FileThumb({ item }: { item: GenerationSummary }) {
  const files = [...(item.metadata?.files ?? [])].sort((a, b) => (b.bytes ?? 0) - (a.bytes ?? 0)).slice(0, 4);
  const largest = Math.max(...files.map((file) => file.bytes ?? 1), 1);
  const top = 49 - files.length * 10 + 4;
  return (
    <svg className="thumb" viewBox="0 0 226 98" preserveAspectRatio="xMidYMid slice" aria-hidden="true">
      {files.length === 0 && <rect className="l" x="16" y="47" width="194" height="3" rx="1.5" />}
      {files.map((file, index) => {
        const name = file.path.slice(file.path.lastIndexOf("/") + 1);
        return (
          <g key={file.path}>
            <text x="16" y={top + index * 20 + 7}>
              {name.length > 20 ? `${name.slice(0, 19)}…` : name}
            </text>
            <rect
              className={index === 0 ? "q deep" : index === 1 ? "q mid" : "q"}
              x="122"
              y={top + index * 20}
              width={Math.max(((file.bytes ?? 1) / largest) * 88, 3)}
              height="8"
              rx="1"
            />
          </g>
        );
      })}
    </svg>
  );
}
