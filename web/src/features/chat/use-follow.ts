/** Keeps a scroller at its end while the reader is there, and lets go when they scroll up. */
import { useCallback, useEffect, useRef, useState } from "react";

const NEAR = 32;

export function useFollow(count: number) {
  const scroller = useRef<HTMLDivElement>(null);
  const content = useRef<HTMLDivElement>(null);
  const following = useRef(true);
  /** How many entries there were when the reader left the end; null while they are at it. */
  const [left, setLeft] = useState<number | null>(null);
  const counted = useRef(count);
  useEffect(() => {
    counted.current = count;
  }, [count]);

  const toEnd = useCallback(() => {
    const box = scroller.current;
    if (box) box.scrollTop = box.scrollHeight;
  }, []);

  useEffect(() => {
    const box = scroller.current;
    const inside = content.current;
    if (!box || !inside) return;
    let height = box.scrollHeight;
    const onScroll = () => {
      // A scroll that the growing content caused is not the reader's.
      const grew = box.scrollHeight !== height;
      height = box.scrollHeight;
      const near = box.scrollHeight - box.scrollTop - box.clientHeight < NEAR;
      if (near) {
        following.current = true;
        setLeft(null);
      } else if (following.current && !grew) {
        following.current = false;
        setLeft(counted.current);
      }
    };
    const grown = new ResizeObserver(() => {
      height = box.scrollHeight;
      if (following.current) toEnd();
    });
    grown.observe(inside);
    grown.observe(box);
    // What the reader opens stays where it is, under their pointer.
    const onClick = (event: MouseEvent) => {
      if (!(event.target instanceof Element) || !event.target.closest("[aria-expanded]")) return;
      following.current = false;
      setLeft(counted.current);
    };
    inside.addEventListener("click", onClick, { capture: true });
    box.addEventListener("scroll", onScroll, { passive: true });
    return () => {
      grown.disconnect();
      inside.removeEventListener("click", onClick, { capture: true });
      box.removeEventListener("scroll", onScroll);
    };
  }, [toEnd]);

  const follow = useCallback(() => {
    following.current = true;
    setLeft(null);
    toEnd();
  }, [toEnd]);

  return { scroller, content, behind: left === null ? null : Math.max(0, count - left), follow };
}
