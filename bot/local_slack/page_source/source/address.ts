// What does the page's address say: in which language, as whom, and where? So a reload or a link shows the same.
import { useEffect, useState } from "react";

/** ?lang=en or ?as=U0SUZUKI01 */
export function useParameter(name: string, otherwise: string): [string, (value: string) => void] {
  const [value, setValue] = useState(() => new URLSearchParams(location.search).get(name) ?? otherwise);
  const change = (wanted: string) => {
    const asked = new URLSearchParams(location.search);
    asked.set(name, wanted);
    history.replaceState(null, "", `?${asked.toString()}${location.hash}`);
    setValue(wanted);
  };
  return [value, change];
}

/** A channel id or "home", and the ts of an open thread: #C0ASAKAI01/1763769060.000001 */
export function useWhere(): [[string, string], (where: [string, string]) => void] {
  const read = (): [string, string] => {
    const [place = "", thread = ""] = decodeURIComponent(location.hash.slice(1)).split("/");
    return [place, thread];
  };
  const [where, setWhere] = useState(read);
  useEffect(() => {
    const look = () => setWhere(read());
    addEventListener("hashchange", look);
    return () => removeEventListener("hashchange", look);
  }, []);
  const go = ([place, thread]: [string, string]) => {
    location.hash = thread ? `${place}/${thread}` : place;
  };
  return [where, go];
}
