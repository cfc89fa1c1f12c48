"""Write the JSON Schema of products beside the code it describes: python scripts/product_schema.py"""

import json
from pathlib import Path

from xinqiao.servicing import product
from xinqiao.servicing.product.schema import json_schema

FILE = Path(product.__file__).with_name("product.schema.json")

if __name__ == "__main__":
    FILE.write_text(json.dumps(json_schema(), ensure_ascii=False, indent=2) + "\n", encoding="utf-8")
