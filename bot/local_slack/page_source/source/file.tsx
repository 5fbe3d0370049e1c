// How does a file look in a message, and where are its bytes?
import { fileAddress } from "./server";
import type { FileCard } from "./slack";

export function FileLink({ file }: { file: FileCard }) {
  return (
    <a className="file" href={fileAddress(file.id)} download={file.name}>
      <FileFace name={file.name} />
      <span>
        <strong>{file.title || file.name}</strong>
        <small>
          {file.title && file.title !== file.name && `${file.name} · `}
          {file.size !== undefined && inBytes(file.size)}
        </small>
      </span>
    </a>
  );
}

/** What kind of file it is, by its name. */
export function FileFace({ name }: { name: string }) {
  const kind = name.includes(".") ? (name.split(".").at(-1) ?? "") : "";
  return (
    <span className="kind" aria-hidden="true">
      {kind.slice(0, 4).toUpperCase()}
    </span>
  );
}

const KILO = 1024;

export function inBytes(size: number): string {
  if (size < KILO) return `${size} B`;
  return size < KILO * KILO ? `${Math.round(size / KILO)} KB` : `${(size / KILO / KILO).toFixed(1)} MB`;
}
