"""Who works here: one row a person. Contractors carry a vendor and its purchase order."""

# number, given name, family name, entity, cost center, role, seniority, location, cost per hour, manager, years
PEOPLE = (
    ("E1001", "Margaret", "Holloway", "US01", "CC-100", "MGT", "PRI", "US-NYC", "140.00", None, 11),
    ("E1002", "Daniel", "Okafor", "US01", "CC-100", "FIN", "SR", "US-NYC", "96.00", "E1001", 8),
    ("E1003", "Priya", "Raman", "US01", "CC-100", "FIN", "MID", "US-NYC", "74.00", "E1002", 6),
    ("E1004", "Thomas", "Ellery", "US01", "CC-100", "FIN", "JR", "US-CHI", "52.00", "E1003", 3),
    ("E1005", "Laura", "Whitcomb", "US01", "CC-110", "PM", "SR", "US-NYC", "92.00", "E1001", 7),
    ("E1006", "Marcus", "Bell", "US01", "CC-110", "PM", "SR", "US-CHI", "90.00", "E1001", 5),
    ("E1007", "Evelyn", "Chau", "US01", "CC-110", "ARC", "PRI", "US-NYC", "118.00", "E1005", 9),
    ("E1008", "Samuel", "Ortiz", "US01", "CC-110", "ARC", "SR", "US-CHI", "98.00", "E1005", 6),
    ("E1009", "Hannah", "Lindqvist", "US01", "CC-110", "DEV", "SR", "US-NYC", "84.00", "E1005", 5),
    ("E1010", "Victor", "Almeida", "US01", "CC-110", "DEV", "SR", "US-CHI", "82.50", "E1006", 4),
    ("E1011", "Grace", "Nakamura", "US01", "CC-110", "DEV", "MID", "US-NYC", "66.00", "E1005", 4),
    ("E1012", "Owen", "Fitzgerald", "US01", "CC-110", "DEV", "MID", "US-CHI", "64.50", "E1006", 3),
    ("E1013", "Tara", "Singh", "US01", "CC-110", "DEV", "MID", "US-NYC", "65.00", "E1006", 2),
    ("E1014", "Noah", "Brandt", "US01", "CC-110", "DEV", "JR", "US-CHI", "48.00", "E1006", 1),
    ("E1015", "Renee", "Dubois", "US01", "CC-110", "CON", "SR", "US-NYC", "86.00", "E1005", 6),
    ("E1016", "Caleb", "Morrison", "US01", "CC-110", "CON", "MID", "US-CHI", "68.00", "E1006", 3),
    ("E1017", "Ingrid", "Solberg", "US01", "CC-120", "ANA", "SR", "US-CHI", "78.00", "E1006", 5),
    ("E1018", "Felix", "Adeyemi", "US01", "CC-120", "ANA", "MID", "US-NYC", "61.00", "E1005", 3),
    ("E1019", "Zoe", "Hartman", "US01", "CC-190", "ANA", "JR", "US-NYC", "45.00", "E1005", 1),
    ("E1020", "Luis", "Carrera", "US01", "CC-110", "DEV", "SR", "US-CHI", "104.00", "E1006", 1),
    ("E2001", "Katrin", "Vogel", "DE01", "CC-300", "MGT", "PRI", "DE-BER", "112.00", "E1001", 9),
    ("E2002", "Jürgen", "Albrecht", "DE01", "CC-300", "FIN", "SR", "DE-BER", "78.00", "E2001", 7),
    ("E2003", "Anja", "Richter", "DE01", "CC-310", "PM", "SR", "DE-BER", "76.00", "E2001", 6),
    ("E2004", "Stefan", "Krause", "DE01", "CC-310", "ARC", "SR", "DE-MUC", "81.00", "E2003", 6),
    ("E2005", "Lena", "Hoffmann", "DE01", "CC-310", "DEV", "SR", "DE-BER", "69.00", "E2003", 4),
    ("E2006", "Mehmet", "Yildiz", "DE01", "CC-310", "DEV", "MID", "DE-BER", "56.00", "E2003", 3),
    ("E2007", "Sophie", "Brandl", "DE01", "CC-310", "DEV", "MID", "DE-MUC", "57.00", "E2003", 2),
    ("E2008", "Markus", "Weiss", "DE01", "CC-310", "CON", "SR", "DE-MUC", "72.00", "E2003", 7),
    ("E2009", "Julia", "Neumann", "DE01", "CC-310", "CON", "MID", "DE-BER", "58.00", "E2003", 2),
    ("E2010", "Tobias", "Frank", "DE01", "CC-320", "ANA", "SR", "DE-BER", "66.00", "E2003", 5),
    ("E2011", "Clara", "Meissner", "DE01", "CC-320", "ANA", "MID", "DE-MUC", "52.00", "E2003", 3),
    ("E2012", "Paweł", "Nowak", "DE01", "CC-310", "DEV", "JR", "DE-BER", "41.00", "E2003", 1),
    ("E3001", "Alistair", "Reid", "UK01", "CC-500", "MGT", "PRI", "UK-LON", "98.00", "E1001", 8),
    ("E3002", "Fiona", "Campbell", "UK01", "CC-510", "PM", "SR", "UK-LON", "66.00", "E3001", 5),
    ("E3003", "George", "Whitmore", "UK01", "CC-510", "ARC", "SR", "UK-LON", "71.00", "E3002", 4),
    ("E3004", "Amelia", "Clarke", "UK01", "CC-510", "DEV", "SR", "UK-LON", "60.00", "E3002", 4),
    ("E3005", "Rajesh", "Patel", "UK01", "CC-510", "DEV", "MID", "UK-LON", "48.00", "E3002", 2),
    ("E3006", "Imogen", "Shaw", "UK01", "CC-510", "CON", "SR", "UK-LON", "62.00", "E3002", 5),
    ("E3007", "Callum", "Byrne", "UK01", "CC-510", "CON", "MID", "UK-LON", "50.00", "E3002", 2),
    ("E3008", "Nadia", "Hussain", "UK01", "CC-510", "ANA", "MID", "UK-LON", "46.00", "E3002", 3),
)  # fmt: skip

# contractor's number -> vendor, its purchase order
CONTRACTORS = {"E1020": ("Brightcode Staffing LLC", "VPO-7001")}

# entity -> its project managers, in the order in which they take projects
PROJECT_LEADS = {"US01": ("E1005", "E1006"), "DE01": ("E2003",), "UK01": ("E3002",)}

# role -> skills, the first one the strongest
SKILLS = {
    "MGT": (("LEADERSHIP", "Leadership"), ("NEGOTIATION", "Negotiation")),
    "FIN": (("BILLING", "Billing and receivables"), ("IFRS15", "Revenue recognition")),
    "PM": (("PMP", "Project management"), ("SCRUM", "Agile delivery")),
    "ARC": (("ARCH-CLOUD", "Cloud architecture"), ("INTEGRATION", "System integration"), ("SECURITY", "Security")),
    "DEV": (("PYTHON", "Python"), ("INTEGRATION", "System integration"), ("SQL", "SQL")),
    "CON": (("PROCESS", "Process design"), ("ERP", "ERP implementation"), ("WORKSHOP", "Workshop facilitation")),
    "ANA": (("SQL", "SQL"), ("DATAVIZ", "Data visualisation"), ("STATISTICS", "Statistics")),
}

_ROLE_TITLE = {
    "MGT": "Managing Director",
    "FIN": "Finance Specialist",
    "PM": "Project Manager",
    "ARC": "Architect",
    "DEV": "Engineer",
    "CON": "Consultant",
    "ANA": "Data Analyst",
}
_SENIORITY_TITLE = {"JR": "Junior ", "MID": "", "SR": "Senior ", "PRI": "Principal "}
_OWN_TITLE = {
    "E1001": "Chief Executive",
    "E1002": "Finance Controller",
    "E1003": "Billing Manager",
    "E1004": "Billing Analyst",
    "E2001": "Managing Director",
    "E2002": "Finance Controller",
    "E3001": "Managing Director",
}


def title(number: str, role: str, seniority: str) -> str:
    """A person's own title, else the one of role and seniority."""
    return _OWN_TITLE.get(number, f"{_SENIORITY_TITLE[seniority]}{_ROLE_TITLE[role]}")
