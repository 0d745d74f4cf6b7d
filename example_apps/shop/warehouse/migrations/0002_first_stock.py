"""The leaves are sold out: an order for them gets stuck, for somebody to look at."""

from typing import Any

from django.db import migrations


def fill(apps: Any, schema_editor: Any) -> None:
    Shelf = apps.get_model("warehouse", "Shelf")
    for product, stock in (("teapot", 100), ("cups", 250), ("leaves", 0)):
        Shelf.objects.create(product=product, stock=stock)


class Migration(migrations.Migration):
    dependencies = [("warehouse", "0001_initial")]
    operations = [migrations.RunPython(fill, migrations.RunPython.noop)]
