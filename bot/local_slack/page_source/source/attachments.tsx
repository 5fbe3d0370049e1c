// How do files come into a message: chosen, dropped anywhere on its conversation, or pasted?
import { useEffect, useRef, useState, type RefObject } from "react";
import { FileFace, inBytes } from "./file";
import { useTongue } from "./words";

export type Attachments = {
  files: File[];
  add: (more: FileList | File[]) => void;
  remove: (file: File) => void;
  clear: () => void;
};

/** The files of the message being written; what is dropped on the composer's conversation joins them. */
export function useAttachments(composer: RefObject<HTMLFormElement | null>, onNew: () => void): Attachments {
  const { say } = useTongue();
  const [files, setFiles] = useState<File[]>([]);
  const add = (more: FileList | File[]) => {
    if (!more.length) return;
    setFiles((before) => [...before, ...more]);
    onNew();
  };
  const taking = useRef(add);
  taking.current = add;
  const here = say("drop_here");

  useEffect(() => {
    const pane = composer.current?.parentElement;
    if (!pane) return;
    const leaving = new AbortController();
    const listen = <Name extends "dragover" | "dragleave" | "drop">(name: Name, does: (event: DragEvent) => void) =>
      pane.addEventListener(name, does, { signal: leaving.signal });
    const over = (is: boolean) => (is ? pane.setAttribute("data-drop", here) : pane.removeAttribute("data-drop"));
    listen("dragover", (event) => {
      if (!event.dataTransfer?.types.includes("Files")) return;
      event.preventDefault();
      event.dataTransfer.dropEffect = "copy";
      over(true);
    });
    listen("dragleave", (event) => {
      if (!(event.relatedTarget instanceof Node && pane.contains(event.relatedTarget))) over(false);
    });
    listen("drop", (event) => {
      over(false);
      if (!event.dataTransfer?.files.length) return;
      event.preventDefault();
      taking.current(event.dataTransfer.files);
    });
    return () => {
      over(false);
      leaving.abort();
    };
  }, [composer, here]);

  return { files, add, remove: (file) => setFiles(files.filter((one) => one !== file)), clear: () => setFiles([]) };
}

/** A file that misses its conversation must not take the page's place in the browser. */
export function useNoStrayDrops() {
  useEffect(() => {
    const stay = (event: DragEvent) => event.dataTransfer?.types.includes("Files") && event.preventDefault();
    addEventListener("dragover", stay);
    addEventListener("drop", stay);
    return () => {
      removeEventListener("dragover", stay);
      removeEventListener("drop", stay);
    };
  }, []);
}

export function Attached({ attachments, busy }: { attachments: Attachments; busy: boolean }) {
  const { say } = useTongue();
  if (!attachments.files.length) return null;
  return (
    <ul className="attached" aria-label={say("attached")}>
      {attachments.files.map((file, at) => (
        <li key={`${at} ${file.name}`}>
          <FileFace name={file.name} />
          <span>
            <strong>{file.name}</strong>
            <small>{busy ? say("sending") : inBytes(file.size)}</small>
          </span>
          <button
            type="button"
            className="quiet"
            disabled={busy}
            onClick={() => attachments.remove(file)}
            aria-label={say("detach", { name: file.name })}
            title={say("detach", { name: file.name })}
          >
            ×
          </button>
        </li>
      ))}
    </ul>
  );
}

export function Attach({ onFiles }: { onFiles: (files: FileList) => void }) {
  const { say } = useTongue();
  const chooser = useRef<HTMLInputElement>(null);
  return (
    <>
      <button
        type="button"
        className="quick attach"
        onClick={() => chooser.current?.click()}
        aria-label={say("attach")}
        title={say("attach")}
      >
        <svg width="14" height="14" viewBox="0 0 14 14" aria-hidden="true">
          <path d="M7 1.5v11M1.5 7h11" stroke="currentColor" strokeWidth="1.8" strokeLinecap="round" />
        </svg>
      </button>
      <input
        ref={chooser}
        type="file"
        multiple
        hidden
        onChange={(event) => {
          if (event.target.files) onFiles(event.target.files);
          event.target.value = "";
        }}
      />
    </>
  );
}
