// Sign-ins of other services that open this account. The last way in stays.
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useId, useState } from "react";
import { keys } from "@/api/keys";
import type { Identities } from "@/api/types";
import { Confirm } from "@/components/ui/confirm";
import { ErrorCard } from "@/components/ui/error-card";
import { FormNotice } from "@/components/ui/form-parts";
import { Panel, ThingsSkeleton } from "@/components/ui/panel";
import { ProviderMark } from "@/components/ui/provider-mark";
import { ApiError, errorWords, isUnproved } from "@/lib/api-client";
import { identitiesQuery, keepWay, type Provider, providerName, providers, providersQuery } from "@/lib/providers";
import { dateWords } from "@/lib/words";
import { beginLink, unlink } from "../api/security";

const LAST = "This is your only way in. Set a password first, or link another.";

export function LinkedPanel() {
  const on = useQuery(providersQuery);
  const identities = useQuery(identitiesQuery);
  const linked = identities.data?.items ?? [];
  // One that is linked stays on the list also when the server has since turned it off.
  const shown = providers.filter((provider) => on.data?.[provider] || linked.some((one) => one.provider === provider));
  const error = identities.error ?? on.error;
  if (identities.isSuccess && on.isSuccess && shown.length === 0) return null;
  return (
    <Panel title="Linked sign-ins" note="Each of them opens this account, whatever e-mail it has.">
      {error && (
        <ErrorCard
          title="Linked sign-ins could not be loaded"
          error={error}
          onRetry={() => void Promise.all([identities.refetch(), on.refetch()])}
          retrying={identities.isFetching || on.isFetching}
        />
      )}
      {!error && !identities.data && <ThingsSkeleton />}
      {identities.data && shown.length > 0 && (
        <ul className="things">
          {shown.map((provider) => (
            <Row provider={provider} identities={identities.data} key={provider} />
          ))}
        </ul>
      )}
    </Panel>
  );
}

function Row({ provider, identities }: { provider: Provider; identities: Identities }) {
  const [asking, setAsking] = useState(false);
  const why = useId();
  const client = useQueryClient();
  const name = providerName(provider);
  const linked = identities.items.find((one) => one.provider === provider);
  const last = linked !== undefined && !identities.hasPassword && identities.items.length === 1;
  const link = useMutation({
    mutationFn: () => beginLink(provider),
    onSuccess: (address) => {
      keepWay({ purpose: "link", next: "/settings/security" });
      window.location.assign(address);
    },
  });
  return (
    <li className="thing">
      <ProviderMark provider={provider} />
      <div>
        <span className="thing-name">{name}</span>
        <small id={why}>
          {linked
            ? [linked.email, `linked on ${dateWords(linked.createdAt)}`].filter(Boolean).join(", ")
            : "Not linked"}
          {last && `. ${LAST}`}
        </small>
        {link.error && !isUnproved(link.error) && <FormNotice failure={{ words: errorWords(link.error) }} />}
      </div>
      {linked ? (
        <button
          type="button"
          className="btn"
          aria-label={`Unlink ${name}`}
          aria-disabled={last}
          aria-describedby={last ? why : undefined}
          title={last ? LAST : undefined}
          onClick={() => !last && setAsking(true)}
        >
          Unlink
        </button>
      ) : (
        <button
          type="button"
          className="btn"
          aria-label={`Link ${name}`}
          aria-disabled={link.isPending}
          onClick={() => !link.isPending && link.mutate()}
        >
          {link.isPending && <span className="nib" />}
          {link.isPending ? "Going there…" : "Link"}
        </button>
      )}
      {asking && (
        <Confirm
          title={`Unlink ${name}?`}
          act="Unlink it"
          acting="Unlinking…"
          rather="Keep it"
          mild
          run={async () => {
            await unlink(provider);
            await client.invalidateQueries({ queryKey: keys.identities });
          }}
          words={(error) => (error instanceof ApiError && error.code === "last_credential" ? LAST : undefined)}
          onClose={() => setAsking(false)}
        >
          <p>You can no longer sign in here with it. It can be linked again.</p>
        </Confirm>
      )}
    </li>
  );
}
