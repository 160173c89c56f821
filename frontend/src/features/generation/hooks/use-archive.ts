// All files of a generation as one .zip, made by the server. "Packing" lasts until it is here.
import { useMutation } from "@tanstack/react-query";
import { showToast } from "@/components/ui/toast";
import { errorWords } from "@/lib/api-client";
import { saveFile } from "@/lib/save-file";
import { titleOf } from "@/lib/words";
import { readArchive } from "../api/generations";
import type { GenerationView } from "../model/view";

export function useArchive({ generation }: GenerationView) {
  const archive = useMutation({
    mutationFn: () => readArchive(generation.id),
    onSuccess: (zip) => saveFile(`${titleOf(generation)}.zip`, zip),
    onError: (error) => showToast(`The .zip could not be made. ${errorWords(error)}`),
  });
  return { download: () => archive.mutate(), packing: archive.isPending };
}

/** The server packs what is whole: a file that was cut off is not in the .zip, and with no other there is none. */
export function hasArchive(view: GenerationView): boolean {
  return view.ended && view.files.some((file) => file.closed);
}
