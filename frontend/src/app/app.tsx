// Everything around the screens: query client, router, toasts.
import { QueryClientProvider } from "@tanstack/react-query";
import { RouterProvider } from "react-router";
import { CrashBoundary } from "@/components/ui/crash-boundary";
import { Toaster } from "@/components/ui/toast";
import { queryClient } from "@/lib/query";
import { router } from "./router";

export function App() {
  return (
    <CrashBoundary name="AetherOS">
      <QueryClientProvider client={queryClient}>
        <RouterProvider router={router} />
        <Toaster />
      </QueryClientProvider>
    </CrashBoundary>
  );
}
