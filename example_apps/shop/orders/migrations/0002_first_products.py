"""Something to sell from the first start on."""

from decimal import Decimal
from typing import Any

from django.db import migrations

PRODUCTS = (
    ("teapot", "Teapot", "Cast iron, holds a litre, pours without a drop beside the cup.", "49.00"),
    ("cups", "Two cups", "Thin at the rim and warm in the hand.", "24.50"),
    ("leaves", "A tin of leaves", "Second flush, a hundred grams. Seldom on the shelf.", "12.90"),
)


def add(apps: Any, schema_editor: Any) -> None:
    Product = apps.get_model("orders", "Product")
    for slug, name, description, price in PRODUCTS:
        Product.objects.create(slug=slug, name=name, description=description, price=Decimal(price))


class Migration(migrations.Migration):
    dependencies = [("orders", "0001_initial")]
    operations = [migrations.RunPython(add, migrations.RunPython.noop)]
