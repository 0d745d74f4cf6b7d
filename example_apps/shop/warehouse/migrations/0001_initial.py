from django.db import migrations, models

import warehouse.models


class Migration(migrations.Migration):
    initial = True

    dependencies = []

    operations = [
        migrations.CreateModel(
            name="Parcel",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("order", models.BigIntegerField(unique=True)),
                ("tracking", models.CharField(default=warehouse.models.new_tracking, max_length=40)),
            ],
        ),
        migrations.CreateModel(
            name="Shelf",
            fields=[
                ("product", models.SlugField(primary_key=True, serialize=False)),
                ("stock", models.PositiveIntegerField(default=0)),
            ],
            options={
                "verbose_name_plural": "shelves",
            },
        ),
    ]
