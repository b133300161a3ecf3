// A workbook as offices send them: a title over everything, a header of merged
// cells. Zip parts are stored as they are.
import { crc32 } from 'node:zlib';

/** [[name, text], …] as a zip file. */
function zip(parts) {
  const [files, directory] = [[], []];
  let at = 0;
  for (const [name, text] of parts) {
    const [n, data] = [Buffer.from(name), Buffer.from(text)];
    const head = Buffer.alloc(26);
    head.writeUInt16LE(20, 0);
    head.writeUInt16LE(0x800, 2); // names are UTF-8
    head.writeUInt16LE(0x21, 8); // 1980-01-01
    head.writeUInt32LE(crc32(data), 10);
    head.writeUInt32LE(data.length, 14);
    head.writeUInt32LE(data.length, 18);
    head.writeUInt16LE(n.length, 22);
    files.push(Buffer.from('PK\x03\x04', 'latin1'), head, n, data);
    const tail = Buffer.alloc(14);
    tail.writeUInt32LE(at, 10);
    directory.push(Buffer.from('PK\x01\x02\x14\x00', 'latin1'), head, tail, n);
    at += 30 + n.length + data.length;
  }
  const list = Buffer.concat(directory);
  const end = Buffer.alloc(22);
  end.write('PK\x05\x06', 'latin1');
  end.writeUInt16LE(parts.length, 8);
  end.writeUInt16LE(parts.length, 10);
  end.writeUInt32LE(list.length, 12);
  end.writeUInt32LE(at, 16);
  return Buffer.concat([...files, list, end]);
}

const escape = (v) => String(v).replace(/[&<>]/g, (c) => ({ '&': '&amp;', '<': '&lt;', '>': '&gt;' })[c]);

/** An XLSX file of one sheet. rows: lists of texts and numbers; merged: 'A1:E1' and the like. */
export function workbook(sheet, rows, merged) {
  const cell = (v, r, c) => {
    if (v === '' || v === undefined) return '';
    const ref = `${String.fromCharCode(65 + c)}${r + 1}`;
    return typeof v === 'number' ? `<c r="${ref}"><v>${v}</v></c>` : `<c r="${ref}" t="inlineStr"><is><t xml:space="preserve">${escape(v)}</t></is></c>`;
  };
  const xml = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>';
  const main = 'http://schemas.openxmlformats.org/spreadsheetml/2006/main';
  const office = 'http://schemas.openxmlformats.org/officeDocument/2006/relationships';
  const packed = 'http://schemas.openxmlformats.org/package/2006';
  const type = 'application/vnd.openxmlformats-officedocument.spreadsheetml';
  return zip([
    ['[Content_Types].xml', `${xml}<Types xmlns="${packed}/content-types"><Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Override PartName="/xl/workbook.xml" ContentType="${type}.sheet.main+xml"/><Override PartName="/xl/worksheets/sheet1.xml" ContentType="${type}.worksheet+xml"/></Types>`],
    ['_rels/.rels', `${xml}<Relationships xmlns="${packed}/relationships"><Relationship Id="rId1" Type="${office}/officeDocument" Target="xl/workbook.xml"/></Relationships>`],
    ['xl/workbook.xml', `${xml}<workbook xmlns="${main}" xmlns:r="${office}"><sheets><sheet name="${escape(sheet)}" sheetId="1" r:id="rId1"/></sheets></workbook>`],
    ['xl/_rels/workbook.xml.rels', `${xml}<Relationships xmlns="${packed}/relationships"><Relationship Id="rId1" Type="${office}/worksheet" Target="worksheets/sheet1.xml"/></Relationships>`],
    ['xl/worksheets/sheet1.xml', `${xml}<worksheet xmlns="${main}"><sheetData>${rows.map((row, r) => `<row r="${r + 1}">${row.map((v, c) => cell(v, r, c)).join('')}</row>`).join('')}</sheetData><mergeCells count="${merged.length}">${merged.map((m) => `<mergeCell ref="${m}"/>`).join('')}</mergeCells></worksheet>`],
  ]);
}

/** WGS 84 to GCJ-02, as the shift is publicly known; degrees. */
export function gcj02(lon, lat) {
  const [a, ee, rad] = [6378245, 0.00669342162296594323, Math.PI / 180];
  const [x, y] = [lon - 105, lat - 35];
  const wave = (v, ...parts) => parts.reduce((sum, [n, w]) => sum + n * Math.sin(v * w * Math.PI), 0) * (2 / 3);
  const dLat = -100 + 2 * x + 3 * y + 0.2 * y * y + 0.1 * x * y + 0.2 * Math.sqrt(Math.abs(x)) + wave(x, [20, 6], [20, 2]) + wave(y, [20, 1], [40, 1 / 3]) + wave(y, [160, 1 / 12], [320, 1 / 30]);
  const dLon = 300 + x + 2 * y + 0.1 * x * x + 0.1 * x * y + 0.1 * Math.sqrt(Math.abs(x)) + wave(x, [20, 6], [20, 2]) + wave(x, [20, 1], [40, 1 / 3]) + wave(x, [150, 1 / 12], [300, 1 / 30]);
  const m = 1 - ee * Math.sin(lat * rad) ** 2;
  return [lon + dLon / ((a / Math.sqrt(m)) * Math.cos(lat * rad) * rad), lat + dLat / (((a * (1 - ee)) / (m * Math.sqrt(m))) * rad)];
}
