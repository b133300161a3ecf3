#!/usr/bin/env python3
"""Reads an onemap as a QGIS user does, without a screen, and says what it saw.

Needs QGIS's Python (Debian: apt-get install --no-install-recommends python3-qgis)
and a running onemap. It adds collections of OGC API Features as vector layers,
counts their features and compares with the server's own count, filters them,
draws the vector tiles with the style that the server hands out, and saves what
was drawn. Exits with 1 if something is not as it should be.

  QT_QPA_PLATFORM=offscreen python3 web/testdata/read_in_qgis.py http://127.0.0.1:8080 [picture.png]
"""
import json
import sys
import urllib.request

from qgis.core import (QgsApplication, QgsCoordinateReferenceSystem, QgsCoordinateTransform, QgsFeatureRequest, QgsMapBoxGlStyleConverter,
                       QgsMapRendererParallelJob, QgsMapSettings, QgsProject, QgsRectangle, QgsVectorLayer, QgsVectorTileLayer)
from qgis.PyQt.QtCore import QSize
from qgis.PyQt.QtGui import QColor

base = sys.argv[1].rstrip("/")
picture = sys.argv[2] if len(sys.argv) > 2 else None
bad = 0


def say(ok, text):
    global bad
    bad += not ok
    print("ok  " if ok else "BAD ", text)


def get(path):
    with urllib.request.urlopen(base + path) as r:
        return json.load(r)


app = QgsApplication([], False)
app.initQgis()

for collection in get("/ogc/collections")["collections"]:
    name = collection["id"]
    want = get(f"/ogc/collections/{name}/items?limit=1")["numberMatched"]
    layer = QgsVectorLayer(f"url='{base}/ogc' typename='{name}' restrictToRequestBBOX='0' pagingEnabled='enabled' pageSize='1000'", name, "OAPIF")
    got = sum(1 for _ in layer.getFeatures()) if layer.isValid() else -1
    say(layer.isValid() and got == want, f"{name}: {got} features of {want}, {layer.crs().authid()}")
    if got > 0 and name == "base_road":
        first = next(layer.getFeatures())["class"]
        request = QgsFeatureRequest().setFilterExpression(f"\"class\" = '{first}'")
        some = sum(1 for _ in layer.getFeatures(request))
        say(0 < some <= got, f"{name}: {some} of class {first}")
        box = layer.extent()
        box.scale(0.25)
        inside = sum(1 for _ in layer.getFeatures(QgsFeatureRequest(box)))
        say(0 < inside < got, f"{name}: {inside} in a quarter of its extent")

# The base map, as vector tiles in the server's own style.
style = get("/ogc/styles/base")
layers = []
for source, s in style["sources"].items():
    url = s["tiles"][0].replace("{", "%7B").replace("}", "%7D")
    layer = QgsVectorTileLayer(f"type=xyz&url={url}&zmin={s['minzoom']}&zmax={s['maxzoom']}", source)
    converter = QgsMapBoxGlStyleConverter()
    own = dict(style, layers=[l for l in style["layers"] if l.get("source") == source])
    result = converter.convert(json.loads(json.dumps(own)))
    if result == QgsMapBoxGlStyleConverter.Success:
        layer.setRenderer(converter.renderer())
        layer.setLabeling(converter.labeling())
    say(layer.isValid() and result == QgsMapBoxGlStyleConverter.Success, f"tiles of {source}: valid {layer.isValid()}, style {result}, {len(converter.warnings())} warnings")
    for w in sorted(set(converter.warnings()))[:3]:
        print("     ", w)
    layers.append(layer)

bounds = [s["bounds"] for s in style["sources"].values() if "bounds" in s]
mercator = QgsCoordinateReferenceSystem("EPSG:3857")
lon, lat = style["center"]
extent = QgsCoordinateTransform(QgsCoordinateReferenceSystem("EPSG:4326"), mercator, QgsProject.instance()).transformBoundingBox(
    QgsRectangle(lon - 0.02, lat - 0.015, lon + 0.02, lat + 0.015))
settings = QgsMapSettings()
settings.setLayers(layers[::-1])  # QGIS has the topmost first
settings.setDestinationCrs(mercator)
settings.setExtent(extent)
settings.setOutputSize(QSize(800, 600))
ground = QColor(style["layers"][0]["paint"]["background-color"])
settings.setBackgroundColor(ground)
job = QgsMapRendererParallelJob(settings)
job.start()
job.waitForFinished()
image = job.renderedImage()
drawn = sum(1 for x in range(0, 800, 4) for y in range(0, 600, 4) if image.pixelColor(x, y) != ground)
say(drawn > 2000, f"drew the base map: {drawn} of 30000 sampled pixels are not ground")
for e in job.errors():
    say(False, e.message)
if picture:
    image.save(picture)

app.exitQgis()
sys.exit(1 if bad else 0)
