// Screen: create an account.
import { Link, useLocation, useSearchParams } from "react-router";
import { RegisterForm } from "@/features/auth/components/auth-forms";
import { ProviderButtons } from "@/features/auth/components/provider-buttons";
import { SignLayout } from "@/features/auth/components/sign-layout";
import { safeNext } from "../safe-next";

export function Component() {
  const { search } = useLocation();
  const [params] = useSearchParams();
  return (
    <SignLayout
      title="Create an account"
      note={`on ${window.location.host}`}
      other={
        <>
          You have one?{" "}
          <Link className="link" to={`/sign-in${search}`}>
            Sign in
          </Link>
        </>
      }
    >
      <RegisterForm />
      <ProviderButtons next={safeNext(params.get("next"))} />
    </SignLayout>
  );
}
