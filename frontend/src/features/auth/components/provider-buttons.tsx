// The other ways to sign in, where the server has any. Without an answer about them the password still works.
import { useQuery } from "@tanstack/react-query";
import { ProviderMark } from "@/components/ui/provider-mark";
import { doorOf, keepWay, type Provider, providerName, providers, providersQuery } from "@/lib/providers";

interface ProviderButtonsProps {
  /** Where to go on afterwards. */
  next: string;
  /** Only these, for an account that is known. */
  among?: readonly Provider[];
  /** The only way, not another one. */
  alone?: boolean;
}

export function ProviderButtons({ next, among, alone = false }: ProviderButtonsProps) {
  const on = useQuery(providersQuery).data;
  const shown = providers.filter((provider) => on?.[provider] && (among === undefined || among.includes(provider)));
  if (shown.length === 0) return null;
  return (
    <>
      {!alone && <div className="or">or</div>}
      {shown.map((provider) => (
        <a
          className="btn btn-lg btn-block"
          href={doorOf(provider)}
          onClick={() => keepWay({ purpose: "sign-in", next })}
          key={provider}
        >
          <ProviderMark provider={provider} />
          Continue with {providerName(provider)}
        </a>
      ))}
    </>
  );
}
