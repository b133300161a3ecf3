// The API's types under the names that the pages use. They are generated from
// the server's own description (npm run types), never typed by hand.
import type { components } from './types';

type S = components['schemas'];

export type Incident = S['Incident'];
export type Step = S['Step'];
export type Stats = S['Stats'];
export type Count = S['Count'];
export type Session = S['SessionBody'];
export type Layer = S['LayerBody'];
/** A class, with the pinyin initials that the phone searches by without a network. */
export type ClassOf = S['Class'];
export type Department = S['Organisation'];
export type Found = S['Hit'];
export type Report = S['ReportBody'];
export type Action = S['ActBody'];
/** What is at a place; degrees and metres. */
export type Here = S['AtOutputBody'];
