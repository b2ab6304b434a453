"""Who buys: one row a client and one an address. None in an address is a gap the story needs."""

# code, name, legal name, entity, country, payment terms, tax id, industry
CLIENTS = (
    ("NORTHSTAR", "Northstar Health", "Northstar Health Systems Inc.", "US01", "US", "NET30", "41-2203948", "Health"),
    ("HARBORVIEW", "Harborview", "Harborview Logistics LLC", "US01", "US", "NET30", "91-1872345", "Logistics"),
    ("REDWOOD", "Redwood Mutual", "Redwood Mutual Insurance Company", "US01", "US", "NET45", "94-3312876", "Insurance"),
    ("CASCADE", "Cascade Utilities", "Cascade Utilities Corporation", "US01", "US", "NET30", "93-0984412", "Energy"),
    ("BLUEPEAK", "Bluepeak Retail", "Bluepeak Retail Group Inc.", "US01", "US", "NET30", "84-2239017", "Retail"),
    ("BLUEPEAK-OUT", "Bluepeak Outdoor", "Bluepeak Outdoor LLC", "US01", "US", "NET30", "84-5519032", "Retail"),
    ("SUMMIT", "Summit Aerospace", "Summit Aerospace Corporation", "US01", "US", "NET60", "48-1129903", "Aerospace"),
    ("LAKESIDE", "Lakeside Hospital", "Lakeside University Hospital", "US01", "US", "NET45", "36-4410298", "Health"),
    ("GRANITE", "Granite State Bank", "Granite State Bank N.A.", "US01", "US", "NET30", "02-0559871", "Banking"),
    ("ORCHARD", "Orchard Foods", "Orchard Foods Company", "US01", "US", None, "91-7730021", "Food"),
    ("MERIDIAN", "Meridian Pharma", "Meridian Pharma Inc.", "US01", "US", "NET30", "04-3398120", "Pharma"),
    ("PIONEER", "Pioneer Rail", "Pioneer Rail Holdings Inc.", "US01", "US", "NET30", "47-0912234", "Rail"),
    ("COPPERFIELD", "Copperfield Biotech", "Copperfield Biotech Inc.", "US01", "US", "NET30", "56-3321908", "Biotech"),
    ("RHEINWERK", "Rheinwerk", "Rheinwerk Maschinenbau AG", "DE01", "DE", "NET30", "DE811234567", "Industry"),
    ("NORDLICHT", "Nordlicht Energie", "Nordlicht Energie GmbH", "DE01", "DE", "NET30", "DE822345678", "Energy"),
    ("BERGMANN", "Bergmann Pharma", "Bergmann Pharma SE", "DE01", "DE", "NET45", "DE833456789", "Pharma"),
    ("HANSE", "Hanse Logistik", "Hanse Logistik GmbH & Co. KG", "DE01", "DE", "NET30", "DE844567890", "Logistics"),
    ("ALPENBLICK", "Alpenblick", "Alpenblick Versicherung AG", "DE01", "DE", "NET30", "DE855678901", "Insurance"),
    ("KESSLER", "Kessler Automotive", "Kessler Automotive GmbH", "DE01", "DE", "NET30", "DE866789012", "Automotive"),
    ("SPREE", "Spree Verlag", "Spree Verlag GmbH", "DE01", "DE", "NET14", "DE877890123", "Media"),
    ("LUMIERE", "Lumière Cosmétiques", "Lumière Cosmétiques SA", "DE01", "FR", "NET30", "FR00123456789", "Retail"),
    ("MATTERHORN", "Matterhorn", "Matterhorn Präzision AG", "DE01", "CH", "NET30", "CHE-123.456.789", "Industry"),
    ("ISARBLICK", "Isarblick Stadtwerke", "Isarblick Stadtwerke GmbH", "DE01", "DE", "NET30", "DE888901234", "Energy"),
    ("AVONMOUTH", "Avonmouth Water", "Avonmouth Water plc", "UK01", "GB", "NET30", "GB312445678", "Utilities"),
    ("CALEDON", "Caledon Spirits", "Caledon Spirits Group Ltd", "UK01", "GB", "NET30", "GB423556789", "Beverages"),
    ("PENNINE", "Pennine Rail Services", "Pennine Rail Services Ltd", "UK01", "GB", "NET30", "GB534667890", "Rail"),
)  # fmt: skip

# code -> street, city, postal code, region
ADDRESSES: dict[str, tuple[str | None, str, str | None, str | None]] = {
    "NORTHSTAR": ("400 Nicollet Mall", "Minneapolis", "55401", "MN"),
    "HARBORVIEW": ("1201 Alaskan Way", "Seattle", "98101", "WA"),
    "REDWOOD": ("77 Capitol Mall", "Sacramento", "95814", "CA"),
    "CASCADE": ("815 SW Alder Street", "Portland", "97205", "OR"),
    "BLUEPEAK": ("1600 Market Street", "Denver", "80202", "CO"),
    "BLUEPEAK-OUT": ("52 Pearl Street", "Boulder", "80302", "CO"),
    "SUMMIT": ("2900 Airport Parkway", "Wichita", "67209", "KS"),
    "LAKESIDE": ("1 Lakeshore Drive", "Chicago", "60611", "IL"),
    "GRANITE": ("88 Elm Street", "Manchester", "03101", "NH"),
    "ORCHARD": (None, "Yakima", None, "WA"),
    "MERIDIAN": ("500 Technology Square", "Cambridge", "02139", "MA"),
    "PIONEER": ("210 Union Avenue", "Omaha", "68102", "NE"),
    "COPPERFIELD": ("12 Research Drive", "Durham", "27709", "NC"),
    "RHEINWERK": ("Rheinuferstraße 14", "Köln", "50668", "NW"),
    "NORDLICHT": ("Speicherstadt 3", "Hamburg", "20457", "HH"),
    "BERGMANN": ("Industriepark 9", "Frankfurt am Main", "65929", "HE"),
    "HANSE": ("Am Kaiserkai 21", "Bremen", "28195", "HB"),
    "ALPENBLICK": ("Maximilianstraße 40", "München", "80539", "BY"),
    "KESSLER": ("Werkstraße 5", "Stuttgart", "70327", "BW"),
    "SPREE": ("Oranienstraße 164", "Berlin", "10969", "BE"),
    "LUMIERE": ("18 rue de Sèze", "Lyon", "69006", None),
    "MATTERHORN": ("Bahnhofstrasse 77", "Zürich", "8001", "ZH"),
    "ISARBLICK": ("Isarring 11", "München", "80805", "BY"),
    "AVONMOUTH": ("2 Quayside Road", "Bristol", "BS1 6AA", None),
    "CALEDON": ("14 Leith Walk", "Edinburgh", "EH6 5AA", None),
    "PENNINE": ("9 Station Approach", "Leeds", "LS1 4DY", None),
}

PARENT = {"BLUEPEAK-OUT": "BLUEPEAK"}
BILLING_HOLD = {"PENNINE"}
CREDIT_HOLD = {"MERIDIAN"}
PO_REQUIRED = {"MERIDIAN", "PIONEER", "BLUEPEAK-OUT"}
INVALID_TAX_ID = {"LUMIERE"}
CURRENCY = {"MATTERHORN": "CHF"}
NOT_IN_ERP = {"COPPERFIELD", "ISARBLICK"}

CONTACT_NAMES = (
    ("Alice", "Moreau"), ("Brian", "Keller"), ("Camille", "Foster"), ("David", "Lang"), ("Elena", "Sharp"),
    ("Frank", "Osborne"), ("Gina", "Wolff"), ("Henry", "Adler"), ("Irene", "Novak"), ("Jonas", "Pike"),
    ("Karen", "Stone"), ("Leo", "Haas"), ("Monica", "Reyes"), ("Nils", "Berger"), ("Olga", "Winter"),
)  # fmt: skip
