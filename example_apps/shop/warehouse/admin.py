from django.contrib import admin

from .models import Parcel, Shelf


@admin.register(Shelf)
class ShelfAdmin(admin.ModelAdmin):
    list_display = ("product", "stock")
    list_editable = ("stock",)


admin.site.register(Parcel)
