/** Colours of the map. MapLibre reads no CSS variables, so they stand here, beside tokens.css. */
export interface Palette {
  ground: string;
  green: string;
  built: string;
  industry: string;
  farm: string;
  water: string;
  waterEdge: string;
  building: string;
  buildingEdge: string;
  roadCase: string;
  roadMinor: string;
  road: string;
  roadMajor: string;
  rail: string;
  border: string;
  label: string;
  labelStrong: string;
  labelWater: string;
  halo: string;
  grid: string;
  ink: string;
  paper: string;
  /** Severity and risk: 1 red, 2 orange, 3 yellow, 4 blue. Fills, so lighter than the text colours of the light theme. */
  severity: readonly [string, string, string, string];
  /** What is in order: assets intact, places ready. */
  calm: string;
  /** Few to many. */
  ramp: readonly [string, string, string, string, string];
}

export type Theme = 'dark' | 'light';

export const palettes: Record<Theme, Palette> = {
  dark: {
    ground: '#0c1015',
    green: '#101a17',
    built: '#11161c',
    industry: '#14161c',
    farm: '#10150f',
    water: '#113049',
    waterEdge: '#1f4058',
    building: '#1b2430',
    buildingEdge: '#262f3b',
    roadCase: '#0a0d11',
    roadMinor: '#2c3743',
    road: '#3d4a5a',
    roadMajor: '#576678',
    rail: '#333b46',
    border: '#5b6776',
    label: '#8f9bab',
    labelStrong: '#c3ccd8',
    labelWater: '#5f87a3',
    halo: '#0c1015',
    grid: '#b884ad',
    ink: '#e8edf4',
    paper: '#11161d',
    severity: ['#ff6b61', '#ff9f45', '#f2d24b', '#62b0ff'],
    calm: '#93a1b3',
    ramp: ['#3b2a66', '#34598c', '#27868d', '#4fb774', '#e6e04a'],
  },
  light: {
    ground: '#f0efeb',
    green: '#e0e9dc',
    built: '#ecebe6',
    industry: '#e7e5e6',
    farm: '#ebeddf',
    water: '#bfd6e4',
    waterEdge: '#a7c5d7',
    building: '#dfddd7',
    buildingEdge: '#cbc8c1',
    roadCase: '#d3d0c9',
    roadMinor: '#fbfaf8',
    road: '#ffffff',
    roadMajor: '#ffffff',
    rail: '#b9b6b0',
    border: '#8d93a0',
    label: '#5a6470',
    labelStrong: '#2b343f',
    labelWater: '#3f6f8f',
    halo: '#f7f6f3',
    grid: '#9a5a8d',
    ink: '#141a21',
    paper: '#ffffff',
    severity: ['#d92d27', '#e07a10', '#e3b800', '#2a72d8'],
    calm: '#5d6a79',
    ramp: ['#6a5196', '#3f6c9f', '#2a8c90', '#3fa565', '#c9b400'],
  },
};
