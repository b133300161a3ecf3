import { describe, expect, it } from 'vitest';
import { changeOf, snap, type Place } from './moves';

const square: Place[] = [
  [0, 0],
  [2, 0],
  [2, 2],
  [0, 2],
  [0, 0],
];
const put = (ring: Place[], i: number, p: Place) => ring.map((q, n) => (n === i || (i === 0 && n === ring.length - 1) ? p : q));

describe('changeOf', () => {
  it('says which corner was dragged where', () => {
    expect(changeOf(square, put(square, 2, [3, 3]))).toEqual({ moves: [{ from: [2, 2], to: [3, 3] }], remove: [] });
  });
  it('says the first corner once, which stands twice in the ring', () => {
    expect(changeOf(square, put(square, 0, [-1, 0]))).toEqual({ moves: [{ from: [0, 0], to: [-1, 0] }], remove: [] });
  });
  it('takes a new corner from its place on the edge', () => {
    const after: Place[] = [[0, 0], [1, -1], [2, 0], [2, 2], [0, 2], [0, 0]];
    expect(changeOf(square, after)).toEqual({ moves: [{ from: [1, 0], to: [1, -1] }], remove: [] });
  });
  it('knows a new corner on the last edge', () => {
    const after: Place[] = [[0, 0], [2, 0], [2, 2], [0, 2], [-1, 1], [0, 0]];
    expect(changeOf(square, after)).toEqual({ moves: [{ from: [0, 1], to: [-1, 1] }], remove: [] });
  });
  it('says which corner was taken out', () => {
    expect(changeOf(square, [[0, 0], [2, 0], [0, 2], [0, 0]])).toEqual({ moves: [], remove: [[2, 2]] });
  });
  it('says nothing where nothing happened', () => {
    expect(changeOf(square, square)).toEqual({ moves: [], remove: [] });
  });
});

describe('snap', () => {
  const project = (p: Place) => ({ x: p[0] * 100, y: p[1] * 100 });
  it('takes a corner before an edge', () => {
    expect(snap([0.1, 0.02], [square], project)).toEqual([0, 0]);
  });
  it('takes the foot on an edge', () => {
    expect(snap([1, 0.05], [square], project)).toEqual([1, 0]);
  });
  it('takes nothing that is far', () => {
    expect(snap([1, 1], [square], project)).toBeUndefined();
  });
});
