/** A picture for each major class, for those who find a matter by looking: paths in a box of 24 by 24, drawn as lines. */
const paths: Record<string, string> = {
  '01': 'M4 14a8 3.5 0 1 0 16 0a8 3.5 0 1 0-16 0M4 14V17a8 3.5 0 0 0 16 0V14M9 13.5H15', // a manhole cover
  '02': 'M8 2.5H16V17H8ZM12 17V22M12 5.7v.1M12 9.7v.1M12 13.7v.1', // a traffic light
  '03': 'M5 8H19M10 8V5H14V8M7 8 8 21H16L17 8M10.5 11.5V17.5M13.5 11.5V17.5', // a bin
  '04': 'M12 22V13M12 3a5 5 0 0 1 4.5 7A3.6 3.6 0 0 1 15 16.5H9A3.6 3.6 0 0 1 7.5 10 5 5 0 0 1 12 3Z', // a tree
  '05': 'M4 20V9L12 4 20 9V20ZM9 20V13H15V20', // a house
  '06': 'M5 21H19M7 21V14H17V21M9 14V10L15 8V14M3 7 7 3M10 5 11.5 2', // dirt and clutter
  '07': 'M4 9V15H8L18 20V4L8 9ZM8 15 9.5 21', // a megaphone
  '08': 'M4 21H20M6 21V8M6 8 12 3 20 8H6M16 8V13M14 13H18V16H14Z', // a crane
  '09': 'M5 17a2.5 2.5 0 1 0 .1 0M19 17a2.5 2.5 0 1 0 .1 0M7 18.5H11L15 11H9.5L6.5 16M15 11 14 7H17', // a bicycle
  '10': 'M5 12h.1M12 12h.1M19 12h.1M3 5H21V19H3Z', // anything else
};

/** The picture of a major class; of one that has none, a dot. */
export const pictureOf = (major: string): string => paths[major.slice(0, 2)] ?? 'M12 8a4 4 0 1 0 .1 0';
