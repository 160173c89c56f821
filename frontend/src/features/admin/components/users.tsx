// All accounts: found by name or e-mail, filtered by role and state; search and filters live in the address.
import { useInfiniteQuery } from "@tanstack/react-query";
import { useSearchParams } from "react-router";
import type { Account } from "@/api/types";
import { ErrorCard } from "@/components/ui/error-card";
import { FilterSelect } from "@/components/ui/filter-select";
import { MoreButton } from "@/components/ui/more-button";
import { SearchBox } from "@/components/ui/search-box";
import { useSession } from "@/lib/auth-session";
import { useFilter } from "@/lib/use-filter";
import { ago, count, dateWords } from "@/lib/words";
import { type UserFilters, usersQuery } from "../api/users";
import { RowsSkeleton } from "./rows-skeleton";
import { UserActs } from "./user-acts";

const roles = [
  ["admin", "Administrator"],
  ["user", "User"],
] as const;
const states = [
  ["false", "Active"],
  ["true", "Disabled"],
] as const;

export function Users() {
  const [params, setParams] = useSearchParams();
  const setFilter = useFilter();
  const filters = readFilters(params);
  const list = useInfiniteQuery(usersQuery(filters));
  const items = list.data?.pages.flatMap((page) => page.items) ?? [];
  return (
    <>
      <header className="lib-head">
        <h1>Users</h1>
        {list.data && (
          <span className="faint num">
            {count(items.length, "account")}
            {list.hasNextPage ? ", and more" : ""}
          </span>
        )}
      </header>
      <div className="lib-filters">
        <SearchBox
          label="Search users"
          placeholder="Search names and e-mails"
          value={filters.q ?? ""}
          onChange={(value) => setFilter("q", value)}
        />
        <FilterSelect
          label="Role"
          value={filters.role ?? ""}
          options={roles}
          onChange={(value) => setFilter("role", value)}
        />
        <FilterSelect
          label="State"
          value={filters.disabled ?? ""}
          options={states}
          onChange={(value) => setFilter("disabled", value)}
        />
        {params.size > 0 && (
          <button type="button" className="btn btn-ghost" onClick={() => setParams({}, { replace: true })}>
            Clear
          </button>
        )}
      </div>
      <section className="lib-wrap" aria-label="Accounts" aria-busy={list.isFetching}>
        {list.isPending && <RowsSkeleton />}
        {items.length > 0 && <Table items={items} />}
        {list.error && (
          <div className="p-(--s-7)">
            <ErrorCard
              title={items.length > 0 ? "The next rows could not be loaded" : "The accounts could not be loaded"}
              error={list.error}
              onRetry={() => void (items.length > 0 ? list.fetchNextPage() : list.refetch())}
              retrying={list.isFetching}
            />
          </div>
        )}
        {list.isSuccess && items.length === 0 && (
          <div className="empty">
            <h3>{filters.q ? `Nobody matches "${filters.q}"` : "Nobody matches these filters"}</h3>
            <button type="button" className="btn" onClick={() => setParams({}, { replace: true })}>
              Clear filters
            </button>
          </div>
        )}
        <MoreButton query={list} />
      </section>
    </>
  );
}

function Table({ items }: { items: readonly Account[] }) {
  const me = useSession((state) => state.user?.id);
  return (
    <table className="table lib-table">
      <thead>
        <tr>
          <th>Account</th>
          <th>Role</th>
          <th>State</th>
          <th className="opt">Last seen</th>
          <th className="opt">Joined</th>
          <th>
            <span className="sr">Actions</span>
          </th>
        </tr>
      </thead>
      <tbody>
        {items.map((account) => (
          <tr key={account.id}>
            <td className="two">
              <div className="grow">
                <span className="account-name">
                  <span className="clip">{account.name}</span>
                  {account.id === me && <span className="badge live">You</span>}
                </span>
                <small className="clip account-mail">
                  {account.email}
                  <span className="only-phone">
                    {account.role === "admin" && ", administrator"}
                    {account.disabled && ", disabled"}
                  </span>
                </small>
              </div>
            </td>
            <td className="opt-s">
              {account.role === "admin" ? (
                <span className="badge">Administrator</span>
              ) : (
                <span className="dim">User</span>
              )}
            </td>
            <td className="opt-s">
              <span className={account.disabled ? "state failed" : "state ready"}>
                {account.disabled ? "Disabled" : "Active"}
              </span>
            </td>
            <td className="opt opt-s faint">{account.lastUsedAt ? ago(account.lastUsedAt) : "Not lately"}</td>
            <td className="opt opt-s faint">{dateWords(account.createdAt)}</td>
            <td className="end">
              <UserActs account={account} />
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function readFilters(params: URLSearchParams): UserFilters {
  const role = params.get("role");
  const disabled = params.get("disabled");
  return {
    q: params.get("q") || undefined,
    role: roles.find(([value]) => value === role)?.[0],
    disabled: states.find(([value]) => value === disabled)?.[0],
  };
}
